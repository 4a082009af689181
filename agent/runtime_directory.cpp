#include "agent/runtime_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "core/report.hpp"

namespace lastgood {

namespace {

Failure cannot(const char* what, const std::string& path) {
    return fail(
        ErrorKind::failed,
        fmt::format("cannot {} {}: {}; run as root, or set runtime_directory in the configuration",
                    what, path, errno_text(errno)));
}

}  // namespace

Result<void> RuntimeDirectory::take(const Config& config) {
    const std::string& directory = config.runtime_directory;
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
        return cannot("create", directory);
    lock_path_ = agent_lock_path(report_path(config));
    Descriptor lock(::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (lock.get() < 0) return cannot("open", lock_path_);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(ErrorKind::failed,
                    fmt::format("another agent is running: it holds {}; stop it first: systemctl "
                                "stop lastgood, or Ctrl-C where lastgood run was started",
                                lock_path_));
    lock_ = std::move(lock);
    return {};
}

bool RuntimeDirectory::is_still_there() const {
    struct stat ours {
    }, there{};
    return ::fstat(lock_.get(), &ours) == 0 && ::stat(lock_path_.c_str(), &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace lastgood
