#include "exporters/prometheus/serve.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/print.hpp"
#include "core/report.hpp"
#include "exporters/prometheus/http_server.hpp"
#include "exporters/prometheus/pages.hpp"
#include "exporters/prometheus/privileges.hpp"
#include "exporters/prometheus/protection_files.hpp"
#include "exporters/prometheus/sandbox.hpp"
#include "exporters/prometheus/self_check.hpp"

namespace lastgood {

namespace {

void stop_on_signals(sigset_t& signals) {
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // Without this, a client that hangs up would end the process.
    std::signal(SIGPIPE, SIG_IGN);
}

// Each connection needs a descriptor; HttpServer keeps fewer of them if there are few.
void allow_all_descriptors() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

constexpr Seconds answer_limit = 8;  // less than TimeoutStopSec= in packaging/systemd
constexpr Seconds telling_interval = 10;

bool answers(HttpServer& server) {
    // Not through the port: an attack may fill its queue, or a firewall close it.
    const Descriptor connection(server.connect_inside());
    return answers_on(connection.get(), answer_limit);
}

// Why the report cannot be read; "" if it can, or if there is none: the agent knows that best.
std::string report_trouble(const Config& config) {
    const std::string path = report_path(config);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() >= 0 || errno == ENOENT) return "";
    const int error = errno;
    return fmt::format("user {} cannot read {}: {}{}", config.serve_user.value, path,
                       errno_text(error),
                       error == EACCES ? "; let everybody enter the directories above it" : "");
}

// To the agent, on standard output.
void write_to_agent(const std::string& line) {
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
}

void remark(const std::string& text, bool with_agent) {
    if (with_agent)
        write_to_agent(fmt::format("{}{}\n", listener_remarks, text));
    else
        print_error("lastgood serve: " + text);
}

void tell_agent(bool is_answering, const Config& config) {
    std::string trouble = is_answering ? report_trouble(config) : "it does not answer itself";
    std::ranges::replace(trouble, '\n', ' ');
    write_to_agent(trouble.empty() ? std::string(listener_answers) + "\n"
                                   : std::string(listener_fails) + trouble + "\n");
}

// Blocks until a signal to stop arrives. Tells systemd's watchdog, at three times the required
// rate, and the agent that the listener answers. Looks for changed files meanwhile.
void wait_for_end(const sigset_t& signals, HttpServer& server, ProtectionFiles& files,
                  const Config& config, bool with_agent) {
    uint64_t watchdog = 0;  // microseconds
    const bool watched = ::sd_watchdog_enabled(0, &watchdog) > 0;
    if (!watched && !with_agent && !files.any()) {
        int signal = 0;
        while (::sigwait(&signals, &signal) == EINTR) {
        }
        return;
    }
    Seconds pause = telling_interval;
    if (watched) pause = std::min(pause, static_cast<Seconds>(watchdog) / 3e6);
    const auto whole = static_cast<time_t>(pause);
    const timespec patience{whole, static_cast<long>((pause - static_cast<Seconds>(whole)) * 1e9)};
    do {
        for (const std::string& news : files.look_again(server, wall_clock()))
            remark(news, with_agent);
        const bool is_answering = answers(server);
        if (watched && is_answering) ::sd_notify(0, "WATCHDOG=1");
        if (with_agent) tell_agent(is_answering, config);
    } while (::sigtimedwait(&signals, nullptr, &patience) < 0);
}

}  // namespace

int run_serve(const Config& config, bool with_agent, std::function<std::string()> rules_page) {
    const pid_t parent = ::getppid();
    const auto say = [](const std::string& message) {
        print_error(fmt::format("lastgood serve: {}", message));
        return 3;
    };
    // With an arena for each thread, freed memory would stay with the process.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no second thread runs yet.
    ::mallopt(M_ARENA_MAX, 1);
    // The process that started this one may have left a device open.
    ::close_range(3, ~0U, 0);
    allow_all_descriptors();
    sigset_t signals;
    stop_on_signals(signals);
    // Root may read the key; the user of the listener need not.
    auto protection = read_protection(config);
    if (!protection) {
        const auto& [kind, message] = protection.error();
        return say(kind == ErrorKind::denied
                       ? message + "; how to hand it to a user without rights: docs/https.md"
                       : message);
    }
    ProtectionFiles files(config, std::move(*protection));
    const auto kept = give_up_privileges(config.serve_user);
    if (!kept) {
        return say(kept.error().message);
    }
    if (!kept->empty()) remark(*kept, with_agent);
    // Not earlier: a change of credentials clears PR_SET_PDEATHSIG (prctl(2)).
    if (with_agent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            return say("the agent has ended");
        }
    }
    HttpServer server;
    const auto started =
        server.start(config.listen.value, make_pages(report_path(config), std::move(rules_page)),
                     files.in_force());
    if (!started) {
        return say(started.error().message);
    }
    if (const auto entered = enter_sandbox(); !entered && !in_sandbox())
        remark(entered.error().message, with_agent);
    ::sd_notifyf(0, "READY=1\nSTATUS=listening on %s", config.listen.value.c_str());
    wait_for_end(signals, server, files, config, with_agent);
    ::sd_notify(0, "STOPPING=1");
    return 0;
}

}  // namespace lastgood
