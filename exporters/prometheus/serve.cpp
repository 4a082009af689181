#include "exporters/prometheus/serve.hpp"

#include <fmt/format.h>
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

// Blocks until a signal to stop arrives. If systemd's watchdog is enabled, tells it at three times
// the required rate that the listener answers.
void wait_for_end(const sigset_t& signals, HttpServer& server) {
    uint64_t watchdog = 0;  // microseconds
    if (::sd_watchdog_enabled(0, &watchdog) <= 0) {
        int signal = 0;
        while (::sigwait(&signals, &signal) == EINTR) {
        }
        return;
    }
    const uint64_t pause = watchdog / 3;
    const timespec patience{static_cast<time_t>(pause / 1'000'000),
                            static_cast<long>(pause % 1'000'000 * 1000)};
    do {
        // Not through the port: an attack may fill its queue, or a firewall close it.
        const Descriptor connection(server.connect_inside());
        if (answers_on(connection.get(), answer_limit)) ::sd_notify(0, "WATCHDOG=1");
    } while (::sigtimedwait(&signals, nullptr, &patience) < 0);
}

}  // namespace

int run_serve(const Config& config, bool end_with_parent, std::function<std::string()> rules_page) {
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
    if (const auto given_up = give_up_privileges(config.serve_user); !given_up) {
        return say(given_up.error().message);
    }
    // Not earlier: a change of credentials clears PR_SET_PDEATHSIG (prctl(2)).
    if (end_with_parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            return say("the agent has ended");
        }
    }
    HttpServer server;
    const auto started =
        server.start(config.listen.value, make_pages(report_path(config), std::move(rules_page)));
    if (!started) {
        return say(started.error().message);
    }
    ::sd_notifyf(0, "READY=1\nSTATUS=listening on %s", config.listen.value.c_str());
    wait_for_end(signals, server);
    ::sd_notify(0, "STOPPING=1");
    return 0;
}

}  // namespace lastgood
