#include <fmt/core.h>
#include <malloc.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include "agent/agent_process.hpp"
#include "agent/config_file.hpp"
#include "agent/log.hpp"
#include "agent/memory/acceptances.hpp"
#include "agent/memory/history.hpp"
#include "agent/memory/losses.hpp"
#include "agent/recorded_state.hpp"
#include "agent/sealed_config.hpp"
#include "collectors/backups/state.hpp"
#include "core/clock.hpp"
#include "core/descendants.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

constexpr Seconds first_report_after = 10;  // s; earlier if every collector has reported
constexpr Seconds settled_after = 60;       // s; until then, unread values end no finding
constexpr Seconds boot_takes = 180;         // s; until then, arrays and drives may appear
constexpr Seconds heartbeat = 15;           // s; longest time between two reports
constexpr Seconds gather = 0.005;       // s; changes within this time are coalesced into one report
constexpr Seconds shortest_gap = 0.05;  // s; shortest time between two reports
constexpr Seconds save_patience = 0.05;  // s that a report waits for its counters to be saved
constexpr Seconds look_again_gap = 10;   // at least, between two changes of the clock
constexpr Seconds stop_limit = 4;
constexpr Seconds orphan_limit = 0.5;  // s that the end waits for what children left behind
constexpr Seconds timer_accuracy = 0.001;

std::string host_name() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

Result<void> Agent::prepare() {
    if (auto taken = runtime_.take(config_); !taken) return taken;
    if (auto sweeper = sweep_after_earlier_agent(config_.runtime_directory))
        sweeper_ = std::move(*sweeper);
    if (const auto last = read_report(report_path(config_)))
        watched_before_ = last->watched_since > 0;
    adopt_state();
    auto sealed = seal_config(config_);
    if (!sealed) return Failure(sealed.error());
    accepted_ = std::move(*sealed);
    if (state_.watched_since() == 0) state_.set_watched_since(now());
    started_ = last_prune_ = clock_.monotonic();
    facts_.started_at = now();
    return {};
}

void Agent::renew_runtime_directory() {
    if (runtime_.is_still_there()) return;
    const auto taken = runtime_.take(config_);
    if (const std::string error = taken ? "" : taken.error().message; error != runtime_error_) {
        runtime_error_ = error;
        if (!taken) log(LogLevel::error, error);
    }
    if (taken)
        log(LogLevel::warning, fmt::format("{} was removed by somebody; it is made anew",
                                           config_.runtime_directory.value));
}

// Takes over the saved state once it is readable: at the start, or after the disk was repaired.
void Agent::adopt_state() {
    const auto saved = store_.take_loaded();
    if (!saved) return;
    if (remembers_ || saved->rows.empty()) {
        state_.take_changes();
        tell_losses(*saved, {});
        if (state_.watched_since() != 0) store_.save(state_.all_rows(), save_patience);
        remembers_ = true;
        return;
    }
    take_over(*saved);
    remembers_ = true;
    if (supervisor_) configure();
}

// Counters and cursors belong together: the saved ones replace those counted without the database,
// and streams restart from the saved cursors. So events of that time are counted once.
void Agent::take_over(const Saved& saved) {
    const State meanwhile = std::exchange(state_, State());
    const Rejected rejected = state_.load(saved.rows);
    tell_losses(saved, rejected);
    state_.mend_times(std::identity{}, now());
    state_.keep_from(meanwhile);
}

void Agent::tell_losses(const Saved& saved, const Rejected& rejected) {
    const Opened opened{saved, remembers_, watched_before_};
    for (const std::string& line : note_losses(state_, opened, rejected, now()))
        log(LogLevel::warning, line);
}

void Agent::configure() {
    Launch launch;
    // Children work in "/".
    std::error_code ignored;
    launch.root = std::filesystem::absolute(options_.root, ignored).string();
    launch.config_fd = accepted_.get();
    supervisor_->configure(config_, launch);
}

AgentWords Agent::words() const {
    AgentWords words;
    words.config = options_.config_path;
    words.state = config_.state_directory.value;
    if (!config_error_.empty()) words.mistake = config_error_;
    if (!is_service_) {
        words.reload = reload_command_;
        words.log = {};
    }
    return words;
}

// Makes a new configuration fit this run. The directories cannot change while the agent runs.
ConfigChanges Agent::fit(Config& config) const {
    if (!options_.listen.empty()) config.listen = options_.listen;
    if (host_.recorded()) {
        leave_this_machine_alone(config);
        config.state_directory = config_.state_directory;
        config.runtime_directory = config_.runtime_directory;
    }
    const std::string restart = is_service_
                                    ? std::string("systemctl restart lastgood")
                                    : fmt::format("end this one first, kill {}", ::getpid());
    ConfigChanges changes = compare_configs(config_, config, options_.with_serve, restart);
    config.state_directory = config_.state_directory;
    config.runtime_directory = config_.runtime_directory;
    return changes;
}

void Agent::reload() {
    sd_notify(0, "RELOADING=1");
    const auto accepted = accept_config();
    facts_.config_accepted = accepted.has_value();
    config_error_ = accepted ? "" : accepted.error().message;
    if (!accepted) {
        config_refused_at_ = now();
        log(LogLevel::error,
            fmt::format("the new configuration has an error, the old one stays in force: {}",
                        config_error_));
    }
    sd_notify(0, "READY=1");
    changed();
}

// All of the new configuration, or an error and nothing of it.
Result<void> Agent::accept_config() {
    auto config = read_config(options_.config_path);
    if (!config) return Failure(config.error());
    const ConfigChanges changes = fit(*config);
    auto sealed = seal_config(*config);
    if (!sealed) return Failure(sealed.error());
    config_ = std::move(*config);
    accepted_ = std::move(*sealed);
    log(LogLevel::info, "the configuration was read again");
    for (const std::string& note : changes.notes) log(LogLevel::warning, note);
    configure();
    if (options_.with_serve && changes.of_listener) {
        serve_->stop();
        // It may have ended already, for instance because the port was taken.
        if (!serve_->running()) beat_timer_->arm(clock_.monotonic());
    }
    return {};
}

// Times that were read from the clock of this run would have a wrong, perhaps negative age. They
// change as the clock did; earlier ones stay, unless they are impossible.
void Agent::clock_was_set(Seconds by) {
    const Timestamp time = now(), began = facts_.started_at, ended = time - by;
    const auto moved = [&](Timestamp one) {
        const bool of_this_run = one >= began - 1 && one <= ended + 1;
        return of_this_run ? one + by : one;
    };
    log(LogLevel::info, fmt::format("the clock was set {} by {}", by > 0 ? "forward" : "back",
                                    format_duration(std::abs(by))));
    facts_.started_at += by;
    if (config_refused_at_ != 0) config_refused_at_ += by;
    state_.mend_times(moved, time);
    supervisor_->mend_times([&](Timestamp one) { return plausible_time(moved(one), time); });
    last_prune_ = clock_.monotonic();  // not by a clock that may be set again soon
    look_timer_->arm(std::max(clock_.monotonic(), last_look_ + look_again_gap));
    changed();
}

void Agent::look_again() {
    last_look_ = clock_.monotonic();
    supervisor_->look_again();
}

void Agent::serve_ended(Seconds lived) {
    // Not by whether a report is written already: which comes first is chance.
    if (!serve_->has_listened() && !serve_->problem().empty() && uptime() < heartbeat) {
        exit_status_ = 1;  // it never worked: tell whoever started `lastgood run`
        request_stop();
        return;
    }
    changed();
    // Restart it now if it had worked or was stopped for a reload, else at the next heartbeat.
    if (lived > 2 || serve_->problem().empty()) beat_timer_->arm(clock_.monotonic());
}

void Agent::request_stop() {
    if (stopping_) {
        loop_->exit(exit_status_);
        return;
    }
    stopping_ = true;
    sd_notify(0, "STOPPING=1");
    supervisor_->stop();
    serve_->stop_for_good();
    textfile_->stop();
    stop_by_ = clock_.monotonic() + stop_limit;
    wait_for_children();
}

void Agent::wait_for_children() {
    const Seconds at = clock_.monotonic();
    if (at > stop_by_ || (!supervisor_->running() && !serve_->running() && !textfile_->running()))
        loop_->exit(exit_status_);
    else
        stop_timer_->arm(at + 0.02);
}

// Schedules a report soon; changes within 5 ms are coalesced into one report.
void Agent::changed() {
    if (write_pending_ || stopping_) return;
    Seconds at = std::max(clock_.monotonic() + gather, last_write_ + shortest_gap);
    if (last_write_ == 0 && !supervisor_->all_have_reported())
        at = std::max(at, started_ + first_report_after);
    if (last_write_ != 0 || supervisor_->all_have_reported()) write_pending_ = true;
    write_timer_->arm(at);
}

void Agent::beat() {
    if (stopping_) return;
    sd_notify(0, "WATCHDOG=1");
    kill_orphans();
    if (options_.with_serve) serve_->start();
    if (const Seconds at = clock_.monotonic(); at - last_prune_ > 3600) {
        last_prune_ = at;
        state_.prune(now() - std::max(history_span(config_), 30 * 86400.0));
    }
    obey(take_requests(config_));
    changed();
    ::malloc_trim(0);  // returns memory that only the last report needed
    beat_timer_->arm(clock_.monotonic() + heartbeat);
}

void Agent::obey(const Requests& requests) {
    if (requests.unreadable != requests_error_ && !requests.unreadable.empty())
        log(LogLevel::warning, fmt::format("requests are not read: {}", requests.unreadable));
    requests_error_ = requests.unreadable;
    for (const std::string& problem : requests.problems)
        log(LogLevel::warning, fmt::format("a request was dropped: {}", problem));
    for (const auto& [kind, subject] : requests.forget) {
        state_.forget(kind, subject);
        if (kind == SubjectKind::backup)
            if (const auto forgotten = forget_stream(host_, config_, subject); !forgotten)
                log(LogLevel::warning, forgotten.error().message);
        log(LogLevel::info,
            fmt::format("{} {} is forgotten, as requested", to_string(kind), subject));
    }
    for (const auto& [rule, subject] : requests.revoke)
        if (state_.revoke(rule, subject))
            log(LogLevel::info,
                fmt::format("{} is no longer accepted", finding_words(rule, subject)));
    for (const CopyRecord& one : requests.record) {
        const bool known =
            std::ranges::find(config_.backups, one.backup, &Backup::name) != config_.backups.end();
        if (known) state_.record(one);
        log(known ? LogLevel::info : LogLevel::warning,
            fmt::format("backup {} was {} on {}, says {}{}{}", harmless(one.backup), one.what,
                        format_time(one.at), one.by, one.note.empty() ? "" : ": ",
                        known ? one.note : "; dropped, no such backup is configured"));
    }
    for (const Acceptance& one : requests.accept) {
        state_.accept(one);
        log(LogLevel::info,
            fmt::format("{} is accepted by {} until {}: {}", finding_words(one.rule, one.subject),
                        one.by, format_time(one.until), one.reason));
    }
}

// Whether a finding that is not there now has really ended: the host has booted, and every
// collector has had its time.
bool Agent::settled() const {
    return boot_clock() >= boot_takes &&
           (uptime() >= settled_after || supervisor_->all_have_reported());
}

void Agent::tell_store_problem() {
    const std::string problem = store_.problem().value_or("");
    facts_.state_persisted = problem.empty();
    if (problem == state_error_) return;
    state_error_ = problem;
    log(LogLevel::warning,
        problem.empty()
            ? std::string("the state can be saved again")
            : fmt::format("cannot save the state: {}; a restart would lose counters", problem));
}

// What collectors, configuration, state and listener could not do.
void Agent::add_problems(Report& report) const {
    report.problems = problems_of(supervisor_->tasks());
    if (!config_error_.empty())
        report.problems.push_back({"configuration", "", config_error_, config_refused_at_});
    if (!state_error_.empty()) report.problems.push_back({"state", "", state_error_, 0});
    if (!serve_->problem().empty())
        report.problems.push_back({"listener", "", serve_->problem(), 0});
    add_losses(state_, report.findings, report.problems);
    if (!config_.textfile_path.value.empty() && !textfile_->problem().empty())
        report.problems.push_back({"textfile", "", textfile_->problem(), 0});
}

// Judges what is known now.
Report Agent::make_report(Timestamp time) {
    remember(state_, supervisor_->tasks(), time);
    if (remembers_) facts_.generation = state_.next_generation(time);
    Report report;
    report.host = host_name();
    report.version = LASTGOOD_VERSION;
    report.written_at = time;
    report.watched_since = state_.watched_since();
    report.observations = observe_all(supervisor_->tasks(), state_, config_, facts_, time);
    RuleMemory memory = state_.rule_memory();
    report.findings = evaluate(all_rules(), report.observations, time, memory, words());
    if (!settled())
        memory.since.insert(state_.rule_memory().since.begin(), state_.rule_memory().since.end());
    state_.set_rule_memory(std::move(memory));
    for (const Acceptance& one : end_acceptances(state_, report.observations, time))
        log(LogLevel::info, fmt::format("{} is over, and with it its acceptance by {}",
                                        finding_words(one.rule, one.subject), one.by));
    name_acceptances(state_, config_, report);
    sort_findings(report.findings);
    add_problems(report);
    return report;
}

void Agent::write() {
    write_pending_ = false;
    if (const auto swept = sweeper_.reap(); swept && !swept->by_signal && swept->status > 0)
        log(LogLevel::warning, fmt::format("killed {} of an earlier agent that was killed itself",
                                           counted(swept->status, "process", "processes")));
    if (stopping_) return;  // children that are told to end have not failed
    clock_watch_->check();
    adopt_state();
    facts_.booting = boot_clock() < boot_takes;
    facts_.listener_up = serve_->is_up();
    tell_store_problem();
    const Report report = make_report(now());

    // Counters are saved before they are shown.
    store_.save(state_.take_changes(), save_patience);
    renew_runtime_directory();
    const auto written = write_report(report, report_path(config_));
    const std::string error = written ? "" : written.error().message;
    if (error != write_error_ && !error.empty()) log(LogLevel::error, error);
    write_error_ = error;
    if (!config_.textfile_path.value.empty()) textfile_->update();
    const bool first = last_write_ == 0;
    last_write_ = clock_.monotonic();
    if (first) sd_notify(0, "READY=1");
    finding_log_.tell(report.findings);
}

Result<int> Agent::run() {
    if (const auto prepared = prepare(); !prepared) return Failure(prepared.error());
    auto loop = EventLoop::make();
    if (!loop) return Failure(loop.error());
    loop_ = std::move(*loop);
    loop_->on_signal(SIGTERM, [this] { request_stop(); });
    loop_->on_signal(SIGINT, [this] { request_stop(); });
    loop_->on_signal(SIGHUP, [this] { reload(); });
    write_timer_ = loop_->make_timer(timer_accuracy, [this] { write(); });
    beat_timer_ = loop_->make_timer(timer_accuracy, [this] { beat(); });
    look_timer_ = loop_->make_timer(timer_accuracy, [this] { look_again(); });
    stop_timer_ = loop_->make_timer(timer_accuracy, [this] { wait_for_children(); });
    auto clock_watch = ClockWatch::make(*loop_, [this](Seconds by) { clock_was_set(by); });
    if (!clock_watch) return Failure(clock_watch.error());
    clock_watch_ = std::move(*clock_watch);
    supervisor_.emplace(*loop_, host_, state_, all_collectors(), [this] { changed(); });
    serve_.emplace(
        *loop_, accepted_, [this](Seconds lived) { serve_ended(lived); }, [this] { changed(); });
    textfile_.emplace(*loop_, accepted_);
    configure();
    beat();
    auto status = loop_->run();
    store_.save(state_.take_changes());
    supervisor_.reset();
    serve_.reset();
    textfile_.reset();
    wait_for_orphans(orphan_limit);
    return status;
}

}  // namespace lastgood
