#include "agent/config/source_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/files.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t largest_file = mib;
constexpr int most_links = 40;  // as in the kernel (path_resolution(7))

Failure failure(const std::string& path, int error) {
    return fail(errno_kind(error), fmt::format("{}: {}", path, errno_text(error)));
}

bool is_null_device(const struct stat& status) {
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

Failure wrong_kind(const std::string& path, mode_t mode) {
    const std::string_view kind = S_ISDIR(mode)    ? "a directory"
                                  : S_ISFIFO(mode) ? "a FIFO"
                                  : S_ISSOCK(mode) ? "a socket"
                                                   : "a device";
    return fail(ErrorKind::failed,
                fmt::format("{} is {}; a configuration is a regular file", path, kind));
}

// Why others can change what this file or directory holds; "": they cannot. Access control lists
// show in the bits of the group (acl(5)).
std::string why_not_trusted(const struct stat& status, const std::string& path) {
    if (!is_trusted_owner(status.st_uid))
        return fmt::format(
            "{0} belongs to the user with the id {1}; mend it as root: chown root {0}", path,
            status.st_uid);
    // In a directory like /tmp everybody may add names, but not take away those of others.
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) return {};
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
    return fmt::format("{} may write to {}; mend it: chmod go-w {}",
                       (status.st_mode & S_IWOTH) != 0 ? "everybody" : "its group", path, path);
}

// Follows a path name by name.
class Walk {
  public:
    // Opens the last name of an absolute path with O_PATH.
    Result<Descriptor> open(const std::string& path);
    // The directory and name that were last opened, to open the file itself.
    int directory() const { return at_.get(); }
    const std::string& name() const { return name_; }
    bool through_proc() const { return through_proc_; }
    const std::string& distrust() const { return distrust_; }

  private:
    // The next name, which is not a link; or what it adds to the rest of the path.
    Result<void> follow_link(const Descriptor& link, const struct stat& status);
    void judge(const struct stat& status, const std::string& path) {
        if (distrust_.empty()) distrust_ = why_not_trusted(status, path);
    }
    std::string here() const { return where_ + "/" + name_; }

    std::string rest_, where_, name_, distrust_;
    Descriptor at_;
    int links_ = 0;
    bool through_proc_ = false;
};

bool is_in_proc(int fd) {
    struct statfs filesystem {};
    return ::fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

Result<void> Walk::follow_link(const Descriptor& link, const struct stat& status) {
    char target[PATH_MAX];
    const ssize_t length = ::readlinkat(link.get(), "", target, sizeof target);
    if (length < 0) return failure(here(), errno);
    if (++links_ > most_links) return failure(here(), ELOOP);
    if (!is_trusted_owner(status.st_uid) && distrust_.empty())
        distrust_ = fmt::format(
            "the link {0} belongs to the user with the id {1}; mend it as root: chown -h "
            "root {0}",
            here(), status.st_uid);
    const std::string_view leads_to(target, static_cast<size_t>(length));
    if (leads_to.starts_with('/')) {
        at_ = Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        where_.clear();
    }
    rest_ = fmt::format("{}/{}", leads_to, rest_);
    return {};
}

Result<Descriptor> Walk::open(const std::string& path) {
    rest_ = path;
    at_ = Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (;;) {
        rest_ = trim_start(rest_, "/");
        std::string_view rest = rest_;
        name_ = take_until(rest, '/');
        const bool is_last = trim_start(rest, "/").empty();
        rest_ = std::string(rest);
        if (name_.empty()) name_ = ".";
        Descriptor next(::openat(at_.get(), name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (next.get() < 0 || ::fstat(next.get(), &status) != 0) return failure(path, errno);
        if (S_ISLNK(status.st_mode) && is_in_proc(next.get())) {
            // What it leads to may have no path: the kernel follows it.
            next = Descriptor(::openat(at_.get(), name_.c_str(), O_PATH | O_CLOEXEC));
            if (next.get() < 0 || ::fstat(next.get(), &status) != 0) return failure(path, errno);
            through_proc_ = true;
        } else if (S_ISLNK(status.st_mode)) {
            if (const auto followed = follow_link(next, status); !followed)
                return Failure(followed.error());
            continue;
        }
        if (is_last) return next;
        if (!S_ISDIR(status.st_mode)) return failure(path, ENOTDIR);
        if (name_ == "..")
            where_ = where_.substr(0, where_.rfind('/') == where_.npos ? 0 : where_.rfind('/'));
        else if (name_ != ".")
            where_ = here();
        judge(status, where_.empty() ? "/" : where_);
        at_ = std::move(next);
    }
}

Result<std::string> read_all(int fd, const std::string& path) {
    std::string text;
    char part[16 * kib];
    for (;;) {
        const ssize_t count = ::read(fd, part, sizeof part);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure(path, errno);
        if (count == 0) return text;
        text.append(part, static_cast<size_t>(count));
        if (text.size() > largest_file)
            return fail(ErrorKind::failed,
                        fmt::format("{} has more than 1 MiB; a configuration is smaller", path));
    }
}

}  // namespace

Result<ConfigSource> read_config_source(const std::string& path) {
    std::string absolute = path;
    if (!path.starts_with('/')) {
        char directory[PATH_MAX];
        if (::getcwd(directory, sizeof directory) == nullptr) return failure(path, errno);
        absolute = fmt::format("{}/{}", directory, path);
    }
    Walk walk;
    const auto found = walk.open(absolute);
    if (!found) return Failure(found.error());
    struct stat status {};
    if (::fstat(found->get(), &status) != 0) return failure(path, errno);
    if (is_null_device(status)) return ConfigSource{};
    // Only a regular file is opened: a tape would rewind.
    if (!S_ISREG(status.st_mode)) return wrong_kind(path, status.st_mode);
    const int follow = walk.through_proc() ? 0 : O_NOFOLLOW;
    const Descriptor file(::openat(walk.directory(), walk.name().c_str(),
                                   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow));
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return failure(path, errno);
    if (!S_ISREG(status.st_mode)) return wrong_kind(path, status.st_mode);
    auto text = read_all(file.get(), path);
    if (!text) return Failure(text.error());
    ConfigSource source{std::move(*text), walk.distrust(), to_seconds(status.st_mtim)};
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    source.is_accepted = seals >= 0 && (seals & F_SEAL_WRITE) != 0;
    if (source.is_accepted)
        source.distrust.clear();
    else if (source.distrust.empty())
        source.distrust = why_not_trusted(status, path);
    return source;
}

}  // namespace lastgood
