#include "core/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "core/host.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr Seconds stale_after = 120;  // s since the last write to a temporary file
constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;

// Names in a directory, in no order; as many as can be read.
std::vector<std::string> names_in(int directory) {
    std::vector<std::string> names;
    const int opened = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const stream = opened < 0 ? nullptr : ::fdopendir(opened);
    if (stream == nullptr) {
        if (opened >= 0) ::close(opened);
        return names;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);
    while (const dirent* const entry = ::readdir(stream)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

// Removes the temporary files of writers that were killed before their rename, as every writer to a
// slow disk may be.
void remove_stale(int directory, const std::string& name) {
    const std::string begin = name + ".";
    constexpr std::string_view end = ".tmp";
    for (const std::string& one : names_in(directory)) {
        if (!one.starts_with(begin) || !one.ends_with(end)) continue;
        if (one.size() <= begin.size() + end.size()) continue;
        const std::string_view middle =
            std::string_view(one).substr(begin.size(), one.size() - begin.size() - end.size());
        if (!consists_of(middle, hexadecimal_digits)) continue;
        struct stat status {};
        if (::fstatat(directory, one.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            wall_clock() - to_seconds(status.st_mtim) > stale_after)
            ::unlinkat(directory, one.c_str(), 0);
    }
}

// Fills and closes the file; false: errno says why.
bool fill(int fd, std::string_view text, Synced synced, mode_t mode) {
    // Independent of the umask: the listening process is unprivileged and must be able to read the
    // report.
    const bool done = write_all(fd, text) && ::fchmod(fd, mode) == 0 &&
                      (synced == Synced::no || ::fsync(fd) == 0);
    const int error = errno;
    if (::close(fd) != 0) return false;
    errno = error;
    return done;
}

constexpr uid_t overflow_user = 65534;  // user_namespaces(7)

bool in_user_namespace() {
    const std::string map = Host().read("/proc/self/uid_map").value_or("");
    const auto fields = split(map);
    return fields.size() >= 3 && fields[2] != "4294967295";
}

// The path of an open directory without symbolic links; "" if /proc does not tell.
std::string real_path(int directory) {
    char target[PATH_MAX];
    const ssize_t length =
        ::readlink(fmt::format("/proc/self/fd/{}", directory).c_str(), target, sizeof target);
    return length <= 0 ? std::string() : std::string(target, static_cast<size_t>(length));
}

// A directory above `path` in which others can replace it, and the command that mends it.
std::optional<std::string> replaceable_in(std::string_view path) {
    while (path.size() > 1) {
        path = parent_directory(path);
        const std::string above(path);
        struct stat status {};
        if (::stat(above.c_str(), &status) != 0) return std::nullopt;
        const bool open_to_all = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
        if (open_to_all)
            return fmt::format("everybody can replace what is in {}; to mend this: chmod o-w {}",
                               above, in_shell(above));
        if (!is_trusted_owner(status.st_uid))
            return fmt::format(
                "{} belongs to uid {}, who can replace what is in it; choose another "
                "directory in the configuration",
                above, status.st_uid);
    }
    return std::nullopt;
}

Result<void> check_own(int directory, const std::string& path) {
    const auto refused = [&](const std::string& why) {
        return fail(ErrorKind::denied, fmt::format("{} is not safe to use: {}", path, why));
    };
    struct stat status {};
    if (::fstat(directory, &status) != 0)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
    if (status.st_uid == overflow_user && ::geteuid() == 0 && in_user_namespace())
        return refused("it belongs to a user that this user namespace does not have");
    if (!is_own_or_root(status.st_uid))
        return refused(fmt::format("it belongs to uid {}; to mend this: chown {} {}", status.st_uid,
                                   ::geteuid(), in_shell(path)));
    const bool by_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
    if (by_group || (status.st_mode & S_IWOTH) != 0) {
        // What others may have put there is not trusted.
        const bool mended = names_in(directory).empty() &&
                            ::fchmod(directory, status.st_mode & 07777 & ~writable_by_others) == 0;
        if (!mended)
            return refused(
                fmt::format("others can write to it; look at what is in it, then: chmod "
                            "go-w {}",
                            in_shell(path)));
    }
    if (const auto why = replaceable_in(real_path(directory))) return refused(*why);
    return {};
}

// Makes the directories above `path`.
void make_parents(const std::string& path) {
    for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        const std::string above = path.substr(0, slash);
        if (::mkdir(above.c_str(), 0700) != 0) continue;
        const Descriptor made(
            ::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (::fstat(made.get(), &status) == 0 && status.st_uid == ::geteuid())
            ::fchmod(made.get(), 0755);
    }
}

}  // namespace

bool is_own_or_root(uid_t user) {
    return user == ::geteuid() || user == 0;
}

bool is_trusted_owner(uid_t owner) {
    return is_own_or_root(owner) || (owner == overflow_user && in_user_namespace());
}

ErrorKind errno_kind(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ENXIO:
        case ENODEV:
            return ErrorKind::absent;
        case EACCES:
        case EPERM:
            return ErrorKind::denied;
        default:
            return ErrorKind::failed;
    }
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

Result<void> write_file(const std::string& path, std::string_view text, Synced synced,
                        mode_t mode) {
    const std::string name(last_component(path));
    const std::string above(parent_directory(path));
    const auto failure = [&](const char* what) {
        return fail(ErrorKind::failed,
                    fmt::format("cannot {} {}: {}", what, path, errno_text(errno)));
    };
    const Descriptor directory(
        ::open(above.empty() ? "." : above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0) return failure("create");
    remove_stale(directory.get(), name);
    const std::string temporary = fmt::format("{}.{}.tmp", name, unguessable());
    const auto give_up = [&](const char* what) {
        auto failed = failure(what);
        ::unlinkat(directory.get(), temporary.c_str(), 0);
        return failed;
    };
    const int fd = ::openat(directory.get(), temporary.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failure("create");
    if (!fill(fd, text, synced, mode)) return give_up("write");
    if (::renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) != 0)
        return give_up("replace");
    return {};
}

std::string unguessable() {
    uint64_t number = 0;
    // Cannot fail: 8 bytes are read at once, after the kernel's start.
    while (::getrandom(&number, sizeof number, 0) != sizeof number) {
    }
    return fmt::format("{:016x}", number);
}

Result<Descriptor> open_own_directory(const std::string& path) {
    const std::string plain(without_trailing_slashes(path));
    Descriptor directory(::open(plain.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const int error = errno;
    if (directory.get() < 0) {
        struct stat status {};
        if (::lstat(plain.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
            return fail(ErrorKind::denied,
                        fmt::format("{} is a symbolic link, which is not followed; name the "
                                    "directory that it leads to in the configuration",
                                    plain));
        return fail(errno_kind(error), fmt::format("{}: {}", plain, errno_text(error)));
    }
    if (const auto checked = check_own(directory.get(), plain); !checked)
        return Failure(checked.error());
    return directory;
}

Result<Descriptor> make_own_directory(const std::string& path, mode_t mode) {
    const std::string plain(without_trailing_slashes(path));
    if (auto there = open_own_directory(plain);
        there || there.error().kind != ErrorKind::absent || ::access(plain.c_str(), F_OK) == 0)
        return there;
    make_parents(plain);
    const bool made = ::mkdir(plain.c_str(), 0700) == 0;
    if (!made && errno != EEXIST)
        return fail(errno_kind(errno),
                    fmt::format("cannot create {}: {}", plain, errno_text(errno)));
    auto directory = open_own_directory(plain);
    if (directory && made) ::fchmod(directory->get(), mode);
    return directory;
}

}  // namespace lastgood
