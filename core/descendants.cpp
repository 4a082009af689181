#include "core/descendants.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
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

// True if it is a child of ours that has not ended; reaps one that has.
bool lives(pid_t id) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(id), &info, WEXITED | WNOHANG) == 0 &&
           info.si_pid == 0;
}

// LASTGOOD_AGENT=DIRECTORY of a process; empty: none, or it has ended.
std::string mark_of(pid_t id) {
    std::ifstream file(fmt::format("/proc/{}/environ", id), std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    for (std::string_view rest = all; !rest.empty();) {
        const std::string_view variable = rest.substr(0, rest.find('\0'));
        if (variable.substr(0, variable.find('=')) == agent_variable) return std::string(variable);
        rest.remove_prefix(std::min(variable.size() + 1, rest.size()));
    }
    return {};
}

// Process 1 of a container is given every orphan in it, also those that an administrator started.
bool is_ours(pid_t id) {
    return ::getpid() != 1 || !mark_of(id).empty();
}

extern "C" void end_all(int number) {
    static Family family;
    for (int round = 0; round < rounds; ++round) {
        const size_t count = read_children(family);
        if (count == 0) break;
        for (size_t i = 0; i < count; ++i) ::kill(family[i], SIGKILL);
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        ::nanosleep(&pause_between, nullptr);
    }
    ::signal(number, SIG_DFL);
    sigset_t itself;
    sigemptyset(&itself);
    sigaddset(&itself, number);
    ::sigprocmask(SIG_UNBLOCK, &itself, nullptr);
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
            if (contains(started, id)) continue;
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

size_t kill_children_of_earlier_agent(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
    if (!processes) return 0;
    const std::string mark = fmt::format("{}={}", agent_variable, directory);
    size_t killed = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each call has a stream of its own.
    while (const dirent* entry = ::readdir(processes.get())) {
        const auto id = parse_number<pid_t>(entry->d_name);
        if (!id || *id == ::getpid() || mark_of(*id) != mark) continue;
        if (::kill(*id, SIGKILL) == 0) ++killed;
    }
    return killed;
}

}  // namespace lastgood
