// Runs the collectors as child processes, each at its own interval and with its own deadline, and
// keeps the last output of each. Used in the event loop's thread; no function blocks.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "agent/memory/state.hpp"
#include "agent/supervise/batch.hpp"
#include "agent/supervise/loop.hpp"
#include "collectors/collector.hpp"
#include "core/config.hpp"

namespace lastgood {

// How a collector's children are started.
struct Launch {
    std::string program = "/proc/self/exe";
    std::string root = "/";
    int config_fd = -1;  // the accepted configuration as TOML
};

// A collector, or a collector for one subject.
struct Task {
    std::string name, subject;
    std::vector<std::string> members;      // of the group that `subject` names
    const Collector* collector = nullptr;  // nullptr: a third-party collector
    CollectorKind kind = CollectorKind::poll;
    Seconds interval = 60, deadline = 30;

    Batch current;                  // not complete yet
    Batch last;                     // the newest complete one
    std::set<std::string> reached;  // members that the child has read in this round
    bool has_reported = false;      // at least one run has ended, successfully or not
    bool succeeded = false;
    std::string failure;  // of the last run
    Timestamp failing_since = 0;
    Timestamp last_success = 0;
    Seconds duration = 0;  // of the last run

    std::unique_ptr<Child> child;
    std::vector<std::unique_ptr<Child>> abandoned;
    // Ended, but what they left behind, for instance a smartctl that hangs, has not.
    std::list<std::unique_ptr<Child>> leavers;
    Seconds started_at = 0, due_at = 0;  // monotonic
    Seconds backoff = 1;                 // s before a stream that ended is restarted
    // its subject is gone or its configuration was replaced: its output is ignored
    bool retired = false;
};

class Supervisor {
  public:
    // `host` is the watched host; all references must outlive the supervisor. `on_change` is called
    // after every complete batch and every end of a run.
    Supervisor(Loop& loop, const Host& host, State& state,
               std::span<const Collector* const> collectors, std::function<void()> on_change);

    // Starts the configured collectors; stops those that run. Earlier values stay until their
    // collector has read them again.
    void configure(const Config& config, const Launch& launch);
    void look_again();  // Makes every idle poll due now.
    // Replaces the times that were read from this machine's clock, also those of observations.
    void mend_times(const std::function<Timestamp(Timestamp)>& mended);
    void stop();  // Tells all children to end; running() is false when they have.
    bool running() const;

    const std::list<Task>& tasks() const { return tasks_; }
    // True if every task has ended a run or committed a batch.
    bool all_have_reported() const;

  private:
    void add_task(const Collector& collector, const std::string& subject,
                  std::vector<std::string> members = {});
    void add_task(const ExternalCollector& external);
    void add_task(Task task);
    bool has_other_child(const Task& task) const;
    void gone(Task& task, const Child* child);
    void wake_up();
    void refresh_subjects();
    static void hand_over(const std::map<std::string, Batch*>& before, Task& task);
    void schedule();
    void start(Task& task);
    void take_line(Task& task, std::string_view line);
    void reject_line(Task& task, const Error& error);
    void commit(Task& task, const std::string& cursor);
    void ended(Task& task, ChildEnd end, const std::string& message);
    void accept(Task& task, Timestamp oldest);
    void note_inventory(const Task& task);
    std::vector<std::string> arguments_of(const Task& task) const;
    bool has_room_for(const Task& task) const;
    Seconds room_at(Seconds now) const;

    Loop& loop_;
    const Host& host_;
    State& state_;
    const std::span<const Collector* const> collectors_;
    std::function<void()> on_change_;
    Config config_;
    Launch launch_;
    std::list<Task> tasks_;
    std::map<const Metric*, std::set<std::string>> here_;  // present subjects of each inventory
    std::unique_ptr<Timer> timer_;
    Seconds subjects_due_ = 0;
    bool stopping_ = false;
};

}  // namespace lastgood
