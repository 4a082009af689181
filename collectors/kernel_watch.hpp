// Waits until the kernel signals a change of a file in /proc or /sys. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/descriptor.hpp"
#include "core/host.hpp"

namespace lastgood {

// Keeps files of /proc and /sys open that signal POLLPRI when they change (Linux fs/kernfs,
// sysfs_notify; /proc/mdstat).
class KernelWatch {
  public:
    // `host` must outlive the watch.
    explicit KernelWatch(const Host& host) : host_(host) {}

    // Watches exactly `paths`, at most 4096 of them; ignores files that cannot be opened. Call it
    // before reading the values, so that no change in between is missed.
    void follow(const std::vector<std::string>& paths);

    // Blocks for at most `seconds`. Returns true as soon as a file changed, else false. An array
    // that goes from clean to active and back does not count: every burst of writes does that.
    bool wait(Seconds seconds);

  private:
    struct File {
        Descriptor open;
        std::string content;
        bool seen = false;
    };
    static constexpr size_t most_files = 4096;

    static std::string read_file(int fd);

    const Host& host_;
    std::map<std::string, File> files_;
};

}  // namespace lastgood
