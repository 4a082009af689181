#include "core/host.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/files.hpp"
#include "core/kernel_number.hpp"
#include "core/process.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_names = 250'000;  // in one directory: some 50 MB

Failure system_failure(const std::string& path, int error) {
    return fail(errno_kind(error), fmt::format("{}: {}", path, errno_text(error)));
}

}  // namespace

bool is_recorded(std::string_view root) {
    return root != "/" && !root.empty();
}

Result<void> check_root(const std::string& root) {
    const Descriptor opened(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() >= 0) return {};
    return fail(ErrorKind::absent,
                fmt::format("--root \"{}\": {}; it names the directory of a recorded host", root,
                            errno_text(errno)));
}

Host::Host(std::string root, std::string search_path)
    : root_(std::move(root)), search_path_(std::move(search_path)), recorded_(is_recorded(root_)) {
    if (!recorded_) return;
    root_directory_ = Descriptor(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (const auto now = read_number("/now")) recorded_now_ = *now;
}

Result<int> Host::open(const std::string& path, int extra_flags) const {
    // openat2(2) refuses O_PATH combined with flags that O_PATH ignores.
    const int flags =
        O_CLOEXEC | extra_flags | ((extra_flags & O_PATH) != 0 ? 0 : O_RDONLY | O_NONBLOCK);
    int fd = -1;
    if (!recorded_) {
        fd = ::open(path.c_str(), flags);
    } else {
        open_how how{};
        how.flags = static_cast<uint64_t>(flags);
        how.resolve = RESOLVE_IN_ROOT;
        // EAGAIN: something on this machine was renamed while the kernel followed a ".."
        // (openat2(2)).
        constexpr int max_attempts = 1000;
        for (int attempt = 0; attempt < max_attempts; ++attempt) {
            fd = static_cast<int>(
                ::syscall(SYS_openat2, root_directory_.get(), path.c_str(), &how, sizeof how));
            if (fd >= 0 || errno != EAGAIN) break;
        }
    }
    if (fd < 0) return system_failure(path, errno);
    return fd;
}

namespace {

// Files of the kernel's own filesystems act when they are read: /proc/kmsg, /sys/kernel/debug.
bool is_of_the_kernel(const struct stat& file) {
    if (major(file.st_dev) != 0) return false;  // on a block device
    return std::ranges::any_of(
        std::array{"/proc", "/sys", "/sys/kernel/debug", "/sys/kernel/tracing"},
        [&](const char* directory) {
            struct stat own {};
            return ::stat(directory, &own) == 0 && own.st_dev == file.st_dev;
        });
}

// A path that leads out of /proc again may have been given by anybody, and lead to anything.
bool names_kernel_file(std::string_view path) {
    if (!path.starts_with("/proc/") && !path.starts_with("/sys/")) return false;
    return std::ranges::none_of(std::array{"/../", "/root/", "/cwd/", "/fd/"},
                                [&](std::string_view part) { return contains(path, part); });
}

}  // namespace

Result<int> Host::open_file(const std::string& path, LastLink last) const {
    const auto found = open(path, O_PATH | (last == LastLink::refuse ? O_NOFOLLOW : 0));
    if (!found) return Failure(found.error());
    const Descriptor file(*found);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return system_failure(path, errno);
    if (S_ISLNK(status.st_mode))
        return fail(ErrorKind::failed, fmt::format("{}: a symbolic link, which is not followed "
                                                   "here",
                                                   path));
    if (!S_ISREG(status.st_mode) || (!recorded_ && is_of_the_kernel(status)))
        return fail(ErrorKind::failed, fmt::format("{}: not a regular file", path));
    // The same file, whatever has its name by now.
    const int fd = ::open(fmt::format("/proc/self/fd/{}", file.get()).c_str(),
                          O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) return fd;
    // A process that gave up its privileges may not follow its own links there (proc(5)).
    if (::prctl(PR_GET_DUMPABLE) == 1) return system_failure(path, errno);
    return open(path, last == LastLink::refuse ? O_NOFOLLOW : 0);
}

Result<std::string> Host::read(const std::string& path, size_t limit, LastLink last) const {
    const auto opened = names_kernel_file(path) ? open(path) : open_file(path, last);
    if (!opened) return Failure(opened.error());
    const Descriptor file(*opened);
    std::string text;
    size_t used = 0;
    for (;;) {
        text.resize(std::min(std::max<size_t>(4096, used * 2), limit + 1));
        const ssize_t count = ::read(file.get(), text.data() + used, text.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(path, errno);
        if (count == 0) break;
        used += static_cast<size_t>(count);
        if (used > limit)
            return fail(ErrorKind::failed, fmt::format("{}: more than {} bytes", path, limit));
    }
    text.resize(used);
    return text;
}

Result<std::string> Host::read_line(const std::string& path) const {
    auto text = read(path);
    if (!text) return text;
    std::string_view rest = *text;
    text->resize(trim_end(take_line(rest)).size());
    return text;
}

Result<double> Host::read_number(const std::string& path) const {
    const auto line = read_line(path);
    if (!line) return Failure(line.error());
    const auto number = parse_kernel_number(*line);
    if (!number)
        return fail(ErrorKind::malformed, fmt::format("{}: \"{}\" is not a number", path, *line));
    return *number;
}

Result<std::vector<std::string>> Host::list(const std::string& path) const {
    const auto opened = open(path, O_DIRECTORY);
    if (!opened) return Failure(opened.error());
    DIR* const directory = ::fdopendir(*opened);
    if (!directory) {
        const int error = errno;
        ::close(*opened);
        return system_failure(path, error);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(directory, ::closedir);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(directory);
        if (!entry) break;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (names.size() >= most_names)
            return fail(ErrorKind::failed, fmt::format("{}: more than {} names", path, most_names));
        names.emplace_back(name);
    }
    if (errno != 0) return system_failure(path, errno);
    std::ranges::sort(names);
    return names;
}

Result<std::string> Host::read_link(const std::string& path) const {
    const auto opened = open(path, O_PATH | O_NOFOLLOW);
    if (!opened) return Failure(opened.error());
    const Descriptor link(*opened);
    char target[PATH_MAX];
    const ssize_t length = ::readlinkat(link.get(), "", target, sizeof target);
    if (length < 0) return system_failure(path, errno);
    return std::string(target, static_cast<size_t>(length));
}

Result<std::string> Host::resolve(const std::string& path) const {
    const auto opened = open(path, O_PATH);
    if (!opened) return Failure(opened.error());
    const Descriptor file(*opened);
    const auto real = [](int fd) {
        char target[PATH_MAX];
        const ssize_t length =
            ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target, sizeof target);
        return length < 0 ? std::string() : std::string(target, static_cast<size_t>(length));
    };
    std::string resolved = real(file.get());
    if (recorded_) {
        const std::string prefix = real(root_directory_.get());
        if (prefix != "/" && resolved.starts_with(prefix)) resolved.erase(0, prefix.size());
    }
    if (resolved.empty()) resolved = "/";
    return resolved;
}

Result<FileStatus> Host::status(const std::string& path, bool follow) const {
    const auto opened = open(path, O_PATH | (follow ? 0 : O_NOFOLLOW));
    if (!opened) return Failure(opened.error());
    const Descriptor file(*opened);
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) return system_failure(path, errno);
    FileStatus status;
    status.kind = S_ISREG(found.st_mode)   ? FileKind::regular
                  : S_ISDIR(found.st_mode) ? FileKind::directory
                  : S_ISLNK(found.st_mode) ? FileKind::symlink
                                           : FileKind::other;
    status.size = static_cast<double>(found.st_size);
    status.allocated = static_cast<double>(found.st_blocks) * 512;
    status.modified = to_seconds(found.st_mtim);
    status.changed = to_seconds(found.st_ctim);
    status.device = found.st_dev;
    status.inode = found.st_ino;
    status.owner = found.st_uid;
    return status;
}

bool Host::exists(const std::string& path) const {
    return status(path).has_value();
}

Result<CommandOutput> Host::run(const Command& command) const {
    if (!recorded_) return run_process(command, search_path_);
    std::string name;
    for (const std::string& argument : command.arguments)
        name += (name.empty() ? "" : " ") + argument;
    std::ranges::replace(name, '/', '_');
    auto text = read("/commands/" + name, command.output_limit);
    if (!text) return Failure(text.error());
    CommandOutput output;
    output.standard_output = std::move(*text);
    if (const auto status = read_number("/commands/" + name + ".status"))
        output.exit_status = static_cast<int>(*status);
    return output;
}

Timestamp Host::now() const {
    return recorded_ ? recorded_now_ : wall_clock();
}

Seconds Host::monotonic() const {
    return boot_clock();
}

Timestamp Host::boot_time() const {
    if (!recorded_) return now() - monotonic();
    const std::string stat = read("/proc/stat").value_or("");
    constexpr std::string_view key = "btime ";
    for (std::string_view rest = stat; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (line.starts_with(key))
            return parse_number<double>(line.substr(key.size())).value_or(now());
    }
    return now();
}

}  // namespace lastgood
