// Starts the agent: signals, orphans, and the watched host's own or a recorded state.
#include <fmt/core.h>
#include <signal.h>
#include <sys/stat.h>

#include "agent/agent_process.hpp"
#include "agent/log.hpp"
#include "agent/recorded_state.hpp"
#include "core/descendants.hpp"

namespace lastgood {

namespace {

int run_with(const AgentOptions& options) {
    mark_children(options.config.runtime_directory);
    adopt_orphans();
    const auto status = Agent(options).run();
    if (!status) log(LogLevel::error, status.error().message);
    return status.value_or(1);
}

}  // namespace

int run_agent(const AgentOptions& options) {
    // Block the signals before the store's thread starts, or they would kill the process in that
    // thread.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::umask(077);  // as in lastgood.service; what others may read gets its mode by itself
    if (!is_recorded(options.root)) return run_with(options);
    const auto apart = RecordedState::make();
    if (!apart) {
        log(LogLevel::error, apart.error().message);
        return 1;
    }
    AgentOptions recorded = options;
    apart->use_for(recorded.config);
    log(LogLevel::info,
        fmt::format("watching the recorded host {}; to see its report: lastgood status --report {}",
                    options.root, report_path(recorded.config)));
    return run_with(recorded);
}

}  // namespace lastgood
