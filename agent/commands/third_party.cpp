#include "agent/commands/third_party.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cmath>

#include "core/child_process.hpp"
#include "core/clock.hpp"
#include "core/descendants.hpp"
#include "core/print.hpp"

namespace lastgood {

namespace {

constexpr int not_started = 127;               // as in sh
constexpr int our_output = 1, our_errors = 2;  // which the program gets
constexpr Seconds orphans_end = 0.5;

volatile sig_atomic_t told_to_end = 0;

void note_signal(int) {
    told_to_end = 1;
}

// Blocks the signals and returns the mask with which to wait for them.
sigset_t catch_signals() {
    sigset_t caught, before;
    sigemptyset(&caught);
    struct sigaction action {};
    action.sa_handler = note_signal;
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&caught, number);
        ::sigaction(number, &action, nullptr);
    }
    ::pthread_sigmask(SIG_BLOCK, &caught, &before);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigdelset(&before, number);
    return before;
}

// nullopt: it cannot be killed.
std::optional<ProcessEnd> wait_for_end(ChildProcess& child, const sigset_t& while_waiting) {
    Seconds next = 0;  // when to send the next signal
    for (;;) {
        if (auto end = child.reap()) return end;
        const Seconds now = monotonic_clock();
        if (told_to_end != 0 && now >= next) {
            if (!child.escalate()) return std::nullopt;
            next = now + ChildProcess::kill_interval;
        }
        const Seconds left = told_to_end != 0 ? next - now : 3600;
        const double whole = std::floor(std::max(left, 0.0));
        timespec limit{static_cast<time_t>(whole), static_cast<long>((left - whole) * 1e9)};
        if (child.pidfd() < 0) limit = {0, 20'000'000};
        pollfd ended{child.pidfd(), POLLIN, 0};
        ::ppoll(&ended, 1, &limit, &while_waiting);
    }
}

int give_up(const std::string& message) {
    print_error("lastgood: " + message);
    return not_started;
}

}  // namespace

int run_third_party(const ExternalCollector& collector) {
    const std::string& program = collector.command[0];
    if (!program.starts_with('/'))
        return give_up(fmt::format("\"{}\" is not an absolute path", program));
    adopt_orphans();
    const sigset_t while_waiting = catch_signals();
    let_parent_send(SIGTERM);
    auto child = ChildProcess::start(program, collector.command,
                                     {.output = our_output, .error = our_errors});
    if (!child) return give_up(child.error().message);
    const auto end = wait_for_end(*child, while_waiting);
    wait_for_orphans(orphans_end);
    if (!end) return 128 + SIGKILL;
    if (end->exec_error == ENOENT && ::access(program.c_str(), F_OK) == 0)
        return give_up(program +
                       ": the interpreter that it needs is not there; its first line, "
                       "behind #!, names it");
    if (end->exec_error != 0)
        return give_up(fmt::format("{}: {}", program, errno_text(end->exec_error)));
    if (!end->by_signal) return end->status;
    ::signal(end->status, SIG_DFL);
    sigset_t itself;
    sigemptyset(&itself);
    sigaddset(&itself, end->status);
    ::pthread_sigmask(SIG_UNBLOCK, &itself, nullptr);
    ::raise(end->status);
    return 128 + end->status;
}

}  // namespace lastgood
