#include "agent/agent_lock.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include "core/config.hpp"
#include "core/files.hpp"
#include "core/host.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr const char* lock_name = "agent.lock";
// After an agent was killed, a child that it had just forked may hold its lock until it runs its
// program.
constexpr auto child_takes = std::chrono::milliseconds(50);
constexpr int looks_at_child = 60;

struct Holder {
    pid_t process = 0;
    uid_t user = 0;
};

// The living process that took a flock(2) on the file, by /proc/locks (proc(5)), which also names
// one that has ended while a child still has the descriptor. nullopt: none that is visible here,
// for example in another container.
std::optional<Holder> holder_of(const struct stat& file) {
    const std::string place =
        fmt::format("{:02x}:{:02x}:{}", ::major(file.st_dev), ::minor(file.st_dev), file.st_ino);
    const std::string locks = Host().read("/proc/locks", 16 << 20).value_or("");
    for (std::string_view rest = locks; !rest.empty();) {
        const auto fields = split(take_line(rest));
        if (fields.size() < 6 || fields[1] != "FLOCK" || fields[5] != place) continue;
        const auto process = parse_number<pid_t>(fields[4]);
        struct stat running {};
        if (process && ::stat(fmt::format("/proc/{}", *process).c_str(), &running) == 0)
            return Holder{*process, running.st_uid};
    }
    return std::nullopt;
}

// Takes the lock, or tells who holds it. Waits up to 3 s while it is held, but by no living process
// that is visible here.
bool takes_lock(const Descriptor& lock, const struct stat& file, std::optional<Holder>& holder) {
    for (int look = 0; look < looks_at_child; ++look) {
        if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return true;
        if ((holder = holder_of(file))) return false;
        std::this_thread::sleep_for(child_takes);
    }
    return false;
}

// The locked file; an empty descriptor: it was replaced, or must be opened again.
Result<Descriptor> try_to_lock(int directory, const std::string& path) {
    const auto failed = [&](const std::string& why) {
        return fail(ErrorKind::failed, fmt::format("cannot lock {}: {}", path, why));
    };
    Descriptor lock(::openat(directory, lock_name,
                             O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                             0600));
    struct stat file {
    }, named{};
    if (lock.get() < 0 || ::fstat(lock.get(), &file) != 0) return failed(errno_text(errno));
    if (!S_ISREG(file.st_mode)) return failed("it is no regular file; remove it: rm " + path);
    const bool was_open_to_others = (file.st_mode & 077) != 0 || !is_own_or_root(file.st_uid);
    if (was_open_to_others) ::fchmod(lock.get(), 0600);
    std::optional<Holder> holder;
    if (!takes_lock(lock, file, holder)) {
        // Another user's process is no agent.
        if (!was_open_to_others || !holder || is_own_or_root(holder->user))
            return fail(
                ErrorKind::denied,
                fmt::format("another agent is running{}: it holds {}; stop it first: "
                            "systemctl stop lastgood, or Ctrl-C where lastgood run was "
                            "started",
                            holder ? fmt::format(" (process {})", holder->process) : "", path));
        ::unlinkat(directory, lock_name, 0);
        return Descriptor();
    }
    const bool is_named = ::fstatat(directory, lock_name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                          named.st_ino == file.st_ino && named.st_dev == file.st_dev;
    if (!is_named || !is_own_or_root(file.st_uid)) {
        if (is_named) ::unlinkat(directory, lock_name, 0);
        return Descriptor();
    }
    return lock;
}

Descriptor show_life(int directory) {
    const std::string name(last_component(agent_life_path("")));
    const std::string temporary = fmt::format("{}.{}.tmp", name, unguessable());
    Descriptor life(::openat(directory, temporary.c_str(),
                             O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct flock whole {};
    whole.l_type = F_WRLCK;
    const bool shown = life.get() >= 0 && ::fcntl(life.get(), F_OFD_SETLK, &whole) == 0 &&
                       ::fchmod(life.get(), 0644) == 0 &&
                       ::renameat(directory, temporary.c_str(), directory, name.c_str()) == 0;
    if (shown) return life;
    // What an earlier agent left would say that none is running.
    ::unlinkat(directory, temporary.c_str(), 0);
    ::unlinkat(directory, name.c_str(), 0);
    return Descriptor();
}

}  // namespace

Result<AgentLock> AgentLock::take(int directory, const std::string& path) {
    constexpr int attempts = 5;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        auto locked = try_to_lock(directory, fmt::format("{}/{}", path, lock_name));
        if (!locked) return Failure(locked.error());
        if (locked->get() < 0) continue;
        AgentLock taken;
        taken.path_ = fmt::format("{}/{}", path, lock_name);
        taken.lock_ = std::move(*locked);
        taken.life_ = show_life(directory);
        return taken;
    }
    return fail(ErrorKind::failed,
                fmt::format("cannot lock {}/{}: it is replaced again and again", path, lock_name));
}

bool AgentLock::is_still_there() const {
    struct stat ours {
    }, there{};
    return ::fstat(lock_.get(), &ours) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace lastgood
