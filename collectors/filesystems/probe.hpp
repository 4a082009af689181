// Asks each filesystem how full it is, in a child process of its own, so that one that hangs (a
// dead NFS server, a drive that does not answer) does not block the others. Not thread-safe.
#pragma once

#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "core/child_process.hpp"

namespace lastgood {

// statvfs(3). Sizes in bytes.
struct FilesystemUse {
    double size = 0;
    double free = 0;       // for root
    double available = 0;  // for everybody
    double files = 0;      // inodes; 0: no fixed number
    double files_free = 0;
    bool loss_warned = false;  // its root has Azure's DATALOSS_WARNING_README.txt

    // 0 to 1, as df(1) shows it: used of used + available.
    double used_ratio() const;
    double used() const { return size - free; }
};

struct ProbeAnswer {
    enum class Kind { answered, failed, silent };
    Kind kind = Kind::silent;
    FilesystemUse use{};  // answered
    int error = 0;        // failed: errno
};

class FilesystemProbes {
  public:
    // Runs in a child whose standard descriptors are /dev/null. Returns 0 or an errno. Must not
    // allocate memory.
    using Probe = int (*)(const char* point, FilesystemUse& use);

    // `end_signal` goes to a child that has not answered in time.
    explicit FilesystemProbes(Probe probe = statvfs_probe, int end_signal = SIGKILL)
        : probe_(probe), end_signal_(end_signal) {}
    FilesystemProbes(const FilesystemProbes&) = delete;
    FilesystemProbes& operator=(const FilesystemProbes&) = delete;

    // Asks up to 64 at once; blocks for at most `deadline`. A mount point is silent at once while
    // its earlier child is still alive: no second child is started.
    std::map<std::string, ProbeAnswer> ask(const std::vector<std::string>& points,
                                           Seconds deadline);

    // Number of children that have not ended.
    size_t stuck() const { return stuck_.size(); }

    static int statvfs_probe(const char* point, FilesystemUse& use);

  private:
    struct Running {
        ChildProcess process;
        Descriptor answer;
    };
    Result<Running> start(const std::string& point) const;
    void reap();

    Probe probe_;
    int end_signal_;
    std::map<std::string, ChildProcess> stuck_;  // by mount point
    std::vector<ChildProcess> ending_;           // answered, not yet reaped
};

}  // namespace lastgood
