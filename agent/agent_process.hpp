// The running agent: what it holds. For agent.cpp, which has its steps, and run_agent.cpp.
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "agent/agent.hpp"
#include "agent/config/changes.hpp"
#include "agent/finding_log.hpp"
#include "agent/memory/snapshot.hpp"
#include "agent/memory/state.hpp"
#include "agent/memory/store.hpp"
#include "agent/requests.hpp"
#include "agent/runtime_directory.hpp"
#include "agent/supervise/clock_watch.hpp"
#include "agent/supervise/event_loop.hpp"
#include "agent/supervise/serve_child.hpp"
#include "agent/supervise/supervisor.hpp"
#include "agent/supervise/textfile_child.hpp"
#include "core/child_process.hpp"
#include "core/descriptor.hpp"
#include "core/host.hpp"
#include "core/report.hpp"
#include "rules/rule.hpp"

namespace lastgood {

class Agent {
  public:
    explicit Agent(const AgentOptions& options)
        : options_(options),
          config_(options.config),
          host_(options.root),
          store_(options.config.state_directory) {}
    Result<int> run();

  private:
    Result<void> prepare();
    void renew_runtime_directory();
    void adopt_state();
    void take_over(const Saved& saved);
    void tell_losses(const Saved& saved, const Rejected& rejected);
    void configure();
    ConfigChanges fit(Config& config) const;
    void reload();
    Result<void> accept_config();
    void request_stop();
    void wait_for_children();
    void clock_was_set(Seconds by);
    void look_again();
    void serve_ended(Seconds lived);
    void changed();
    void beat();
    void obey(const Requests& requests);
    void write();
    Report make_report(Timestamp time);
    void tell_store_problem();
    void add_problems(Report& report) const;
    Timestamp now() const { return clock_.now(); }
    Seconds uptime() const { return clock_.monotonic() - started_; }
    bool settled() const;
    AgentWords words() const;

    AgentOptions options_;
    Config config_;
    Host host_;         // the watched host
    const Host clock_;  // clock of this machine
    // systemd gives NOTIFY_SOCKET to its service only; `lastgood run` may work without systemd.
    const bool is_service_ = std::getenv("NOTIFY_SOCKET") != nullptr;
    const std::string reload_command_ = fmt::format("kill -HUP {}", ::getpid());
    Store store_;
    State state_;
    AgentFacts facts_;
    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<ClockWatch> clock_watch_;
    std::optional<Supervisor> supervisor_;
    std::optional<ServeChild> serve_;
    std::optional<TextfileChild> textfile_;
    std::unique_ptr<Timer> write_timer_, beat_timer_, stop_timer_, look_timer_;
    bool write_pending_ = false, stopping_ = false;
    bool remembers_ = false;       // the state in memory includes the saved one
    bool watched_before_ = false;  // the last report says so
    Seconds started_ = 0, last_write_ = 0, last_prune_ = 0, last_look_ = 0;
    Seconds stop_by_ = 0;
    RuntimeDirectory runtime_;
    Descriptor accepted_;  // the configuration, sealed
    ChildProcess sweeper_;
    int exit_status_ = 0;
    std::string config_error_, write_error_, state_error_, runtime_error_, requests_error_;
    Timestamp config_refused_at_ = 0;
    FindingLog finding_log_;
};

}  // namespace lastgood
