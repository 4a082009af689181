#include "core/descendants.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr timespec pause_between{0, 5'000'000};  // 5 ms; a killed process has ended by then
constexpr int rounds = 100;

bool adopts = false;
std::vector<pid_t> started;  // by ChildProcess
std::vector<pid_t> held;     // by Orphans

bool contains(const std::vector<pid_t>& ids, pid_t id) {
    return std::ranges::find(ids, id) != ids.end();
}

using Family = std::array<pid_t, 512>;

// Fills in children of the main thread and returns their number; 0 also if they cannot be read.
// Async-signal-safe.
size_t read_children(Family& family) {
    const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    size_t found = 0;
    pid_t number = 0;
    std::array<char, 1024> piece{};
    for (;;) {
        const ssize_t count = ::read(file, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (ssize_t i = 0; i < count && found < family.size(); ++i) {
            const char c = piece[static_cast<size_t>(i)];
            if (c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
            } else if (number > 0) {
                family[found++] = number;
                number = 0;
            }
        }
    }
    ::close(file);
    return found;
}

// False for a number that /proc shows and that is none here: after unshare(1) --pid, /proc may
// still show the processes as the namespace outside numbers them. Async-signal-safe.
bool is_child(pid_t id) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Whether /proc has our numbers of processes. Async-signal-safe.
bool proc_is_ours() {
    char own[24] = "", shown[24] = "";
    std::snprintf(own, sizeof own, "%d", ::getpid());
    return ::readlink("/proc/self", shown, sizeof shown - 1) > 0 && std::strcmp(own, shown) == 0;
}

// True if it is a child of ours that has not ended; reaps one that has.
bool lives(pid_t id) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(id), &info, WEXITED | WNOHANG) == 0 &&
           info.si_pid == 0;
}

// Opens /proc/ID/NAME; async-signal-safe.
int open_of(pid_t id, const char* name) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/%s", id, name);
    return ::open(path, O_RDONLY | O_CLOEXEC);
}

// The value of LASTGOOD_AGENT in the first 32 KiB of a process's environment; empty: none. May hang
// with the process. Async-signal-safe; valid until the next call.
std::string_view mark_of(pid_t id) {
    static std::array<char, 32768> environment;
    const Descriptor file(open_of(id, "environ"));
    if (file.get() < 0) return {};
    const ssize_t size = ::read(file.get(), environment.data(), environment.size());
    if (size <= 0) return {};
    for (std::string_view rest(environment.data(), static_cast<size_t>(size)); !rest.empty();) {
        const std::string_view variable = rest.substr(0, rest.find('\0'));
        const std::string_view name = variable.substr(0, variable.find('='));
        if (name == agent_variable && name.size() < variable.size())
            return variable.substr(name.size() + 1);
        rest.remove_prefix(std::min(variable.size() + 1, rest.size()));
    }
    return {};
}

// In state D (proc(5)): whoever asks it may hang, too.
bool is_in_kernel(pid_t id) {
    char text[512] = "";
    const Descriptor file(open_of(id, "stat"));
    if (file.get() < 0 || ::read(file.get(), text, sizeof text - 1) <= 0) return false;
    const char* const name_end = std::strrchr(text, ')');
    return name_end != nullptr && std::strncmp(name_end, ") D", 3) == 0;
}

// Process 1 of a container is given every orphan in it, also those that an administrator started.
bool is_ours(pid_t id) {
    return ::getpid() != 1 || is_in_kernel(id) || !mark_of(id).empty();
}

// Kills the processes whose mark begins with `directory` and is not `own`. Async-signal-safe.
int sweep(std::string_view directory, std::string_view own) {
    alignas(dirent64) static std::array<char, 32768> entries;
    if (!proc_is_ours()) return 0;
    const Descriptor processes(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int killed = 0;
    for (ssize_t size = 0;
         (size = ::getdents64(processes.get(), entries.data(), entries.size())) > 0;) {
        for (size_t at = 0; at < static_cast<size_t>(size);) {
            const auto* const entry = reinterpret_cast<const dirent64*>(entries.data() + at);
            at += entry->d_reclen;
            const auto id = parse_number<pid_t>(entry->d_name);
            if (!id || is_in_kernel(*id)) continue;
            const std::string_view mark = mark_of(*id);
            if (mark.starts_with(directory) && mark != own && ::kill(*id, SIGKILL) == 0) ++killed;
        }
    }
    return std::min(killed, 100);
}

extern "C" void end_all(int number) {
    static Family family;
    for (int round = 0; round < rounds; ++round) {
        const size_t count = read_children(family);
        const auto* const end = std::remove_if(family.begin(), family.begin() + count,
                                               [](pid_t id) { return !is_child(id); });
        if (end == family.begin()) break;
        for (const pid_t* id = family.begin(); id != end; ++id) ::kill(*id, SIGKILL);
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        ::nanosleep(&pause_between, nullptr);
    }
    ::signal(number, SIG_DFL);
    sigset_t itself;
    sigemptyset(&itself);
    sigaddset(&itself, number);
    ::pthread_sigmask(SIG_UNBLOCK, &itself, nullptr);
    ::raise(number);
}

}  // namespace

void add_child(pid_t id) {
    started.push_back(id);
}

void drop_child(pid_t id) {
    std::erase(started, id);
}

void adopt_orphans() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    adopts = true;
}

std::vector<pid_t> kill_orphans() {
    std::vector<pid_t> living;
    if (!adopts) return living;
    static Family family;
    // Again while some have ended: their own children are ours now.
    for (bool some_ended = true; some_ended;) {
        some_ended = false;
        living.clear();
        const size_t count = read_children(family);
        for (size_t i = 0; i < count; ++i) {
            const pid_t id = family[i];
            if (contains(started, id) || !is_child(id)) continue;
            const bool ours = is_ours(id);
            if (ours) ::kill(id, SIGKILL);
            if (!lives(id))
                some_ended = true;
            else if (ours && !contains(held, id))
                living.push_back(id);
        }
    }
    return living;
}

void wait_for_orphans(Seconds limit) {
    const Seconds until = monotonic_clock() + limit;
    while (!kill_orphans().empty() && monotonic_clock() < until)
        ::nanosleep(&pause_between, nullptr);
}

void let_parent_send(int signal) {
    int before = 0;
    if (::prctl(PR_GET_PDEATHSIG, &before) == 0 && before != 0) ::prctl(PR_SET_PDEATHSIG, signal);
}

void end_with_descendants() {
    adopt_orphans();
    struct sigaction end {};
    end.sa_handler = end_all;
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        if (before.sa_handler != SIG_IGN) ::sigaction(number, &end, nullptr);
    }
    let_parent_send(SIGTERM);
}

Orphans::~Orphans() {
    for (const pid_t id : ids_) std::erase(held, id);
}

void Orphans::take() {
    for (const pid_t id : kill_orphans()) {
        if (contains(started, ::getsid(id))) continue;
        ids_.push_back(id);
        held.push_back(id);
    }
}

bool Orphans::remain() {
    if (ids_.empty()) return false;
    std::erase_if(ids_, [](pid_t id) {
        // A new child may already have the id of one that kill_orphans() has reaped.
        const bool ended = contains(started, id) || !lives(id);
        if (ended) std::erase(held, id);
        return ended;
    });
    take();  // what they left behind
    return !ids_.empty();
}

void mark_children(const std::string& directory) {
    const std::string mark =
        fmt::format("{} {}.{}", directory, ::getpid(), static_cast<int64_t>(boot_clock() * 1e6));
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet.
    ::setenv(agent_variable, mark.c_str(), 1);
}

Result<ChildProcess> sweep_after_earlier_agent(const std::string& directory) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment.
    const char* const own = std::getenv(agent_variable);
    const std::string own_mark = own == nullptr ? "" : own, prefix = directory + " ";
    return ChildProcess::start([&] { return sweep(prefix, own_mark); });
}

}  // namespace lastgood
