#include "agent/commands/open_devices.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <memory>
#include <string>

namespace lastgood {

namespace {

struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, Close>;

// Without asking the file's server.
bool is_device(int directory, const char* name, dev_t device, mode_t type) {
    struct statx found {};
    if (::statx(directory, name, AT_STATX_DONT_SYNC, STATX_TYPE, &found) != 0) return false;
    return (found.stx_mode & S_IFMT) == type &&
           ::makedev(found.stx_rdev_major, found.stx_rdev_minor) == device;
}

bool is_number(const char* name) {
    return *name >= '1' && *name <= '9';
}

}  // namespace

Held opened_by_a_process(dev_t device, mode_t type) {
    const Directory processes(::opendir("/proc"));
    if (!processes) return Held::unknown;
    bool all = true;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each call has a stream of its own.
    while (const dirent* process = ::readdir(processes.get())) {
        if (!is_number(process->d_name)) continue;
        const std::string path = fmt::format("/proc/{}/fd", process->d_name);
        const Directory files(::opendir(path.c_str()));
        if (!files) {
            all = all && (errno == ENOENT || errno == ESRCH);  // it has ended
            continue;
        }
        // NOLINTNEXTLINE(concurrency-mt-unsafe): as above.
        while (const dirent* file = ::readdir(files.get()))
            if (file->d_name[0] != '.' &&
                is_device(::dirfd(files.get()), file->d_name, device, type))
                return Held::yes;
    }
    return all ? Held::no : Held::unknown;
}

}  // namespace lastgood
