// Asks filesystems how full they are, each in a child of its own: one that hangs (a dead NFS
// server, a drive that does not answer) blocks neither us nor the others.
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
    double files = 0;      // 0: no fixed number
    double files_free = 0;
    bool loss_warned = false;  // Azure's DATALOSS_WARNING_README.txt lies in its root

    // As df(1) shows it: of what everybody may use.
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
    // Runs in a child that has nothing but its standard descriptors on /dev/null; returns errno or
    // 0. Must not allocate.
    using Probe = int (*)(const char* point, FilesystemUse& use);

    // `end_signal` is what a child gets that has not answered in time.
    explicit FilesystemProbes(Probe probe = statvfs_probe, int end_signal = SIGKILL)
        : probe_(probe), end_signal_(end_signal) {}
    FilesystemProbes(const FilesystemProbes&) = delete;
    FilesystemProbes& operator=(const FilesystemProbes&) = delete;

    // Asks all at once and waits for them for `deadline`. A mount point whose earlier child still
    // lives is silent at once and gets no second one.
    std::map<std::string, ProbeAnswer> ask(const std::vector<std::string>& points,
                                           Seconds deadline);

    // Children that could not be ended.
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
    std::vector<ChildProcess> ending_;           // answered, not yet waited for
};

}  // namespace lastgood
