// Waits for the kernel to say that something in /proc or /sys has changed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/host.hpp"

namespace lastgood {

// Keeps files of /proc and /sys open that signal POLLPRI when they change (Linux fs/kernfs,
// sysfs_notify; /proc/mdstat).
class KernelWatch {
  public:
    explicit KernelWatch(const Host& host) : host_(host) {}
    ~KernelWatch();
    KernelWatch(const KernelWatch&) = delete;
    KernelWatch& operator=(const KernelWatch&) = delete;

    // Opens what is new in `paths` and closes what is no longer in it; at most `most_files`. Call
    // before reading values, so that no change between the two is missed.
    void follow(const std::vector<std::string>& paths);

    // Returns true when something changed, false after `seconds`. An array that goes from clean to
    // active and back, as one does with every burst of writes, has not changed.
    bool wait(Seconds seconds);

  private:
    struct File {
        int fd = -1;
        std::string content;
        bool seen = false;
    };
    static constexpr size_t most_files = 4096;

    static std::string read_file(int fd);

    const Host& host_;
    std::map<std::string, File> files_;
};

}  // namespace lastgood
