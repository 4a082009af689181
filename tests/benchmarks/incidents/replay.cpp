#include "tests/benchmarks/incidents/replay.hpp"

#include <limits>
#include <unordered_map>

#include "agent/memory/acceptances.hpp"
#include "agent/memory/history.hpp"
#include "agent/supervise/child.hpp"
#include "rules/rule.hpp"
#include "tests/benchmarks/incidents/observe.hpp"

namespace lastgood::simulation {

namespace {

// A condition that compares a time with the clock: when it changes.
struct Bar {
    const Metric* left = nullptr;
    const Metric* right = nullptr;
    double limit = 0;
    Clock clock = Clock::none;
};

const std::vector<Bar>& bars() {
    static const std::vector<Bar> all = [] {
        std::vector<Bar> found;
        for (const Rule& rule : all_rules())
            for (const Condition& one : rule.all_of)
                if (one.clock != Clock::none)
                    found.push_back({one.left.metric, one.right.metric, one.limit, one.clock});
        return found;
    }();
    return all;
}

const std::map<std::string_view, Seconds>& holds() {
    static const std::map<std::string_view, Seconds> all = [] {
        std::map<std::string_view, Seconds> found;
        for (const Rule& rule : all_rules())
            if (rule.hold > 0) found[rule.name] = rule.hold;
        return found;
    }();
    return all;
}

constexpr const char* collectors[] = {"drives", "smart",   "arrays", "filesystems",
                                      "data",   "backups", "spools", "inbox"};

}  // namespace

Replay::Replay(const World& world) {
    for (const char* name : collectors) {
        Task& task = tasks_.emplace_back();
        task.name = name;
        task.collector = find_collector(name);
        task.has_reported = task.succeeded = true;
    }
    facts_.started_at = world.now;
    state_.set_watched_since(world.now);
}

void Replay::take(Task& task, std::vector<Observation> observations) {
    for (const Observation& one : observations) note_growth(state_, one, false);
    task.last.observations = std::move(observations);
}

void Replay::read(World& world, Timestamp clock) {
    for (const Observation& one : world.increments)
        if (state_.increment(one)) note_growth(state_, one, true);
    world.increments.clear();
    for (const std::string& drive : world.forgotten) state_.forget(SubjectKind::drive, drive);
    world.forgotten.clear();
    for (Task& task : tasks_) {
        MemorySink sink;
        if (task.name == "drives") observe_drives(world, clock, sink);
        if (task.name == "smart") observe_health(world, clock, sink);
        if (task.name == "arrays") observe_arrays(world, clock, sink);
        if (task.name == "filesystems") observe_filesystems(world, clock, sink);
        if (task.name == "data") observe_data(world, clock, sink);
        if (task.name == "backups") observe_backups(world, here_, clock, sink);
        if (task.name == "spools") observe_spools(world, clock, sink);
        if (task.name == "inbox") observe_reports(world, clock, sink);
        take(task, std::move(sink.observations));
        task.last_success = clock;
    }
}

Report Replay::judge(World& world) {
    const Timestamp clock = world.now + world.clock_off;
    if (const double by = world.clock_off - clock_off_; by != 0) {  // as Agent::clock_was_set()
        const Timestamp began = facts_.started_at, ended = clock - by;
        state_.mend_times(
            [&](Timestamp time) {
                return time >= began - 1 && time <= ended + 1 ? time + by : time;
            },
            clock);
        facts_.started_at += by;
        clock_off_ = world.clock_off;
    }
    read(world, clock);
    remember(state_, tasks_, clock);
    facts_.booting = world.booting_until > world.now;
    Report report;
    report.written_at = clock;
    report.watched_since = state_.watched_since();
    report.observations = observe_all(tasks_, state_, world.config, facts_, clock);
    RuleMemory memory = state_.rule_memory();
    report.findings = evaluate(all_rules(), report.observations, clock, memory);
    state_.set_rule_memory(std::move(memory));
    end_acceptances(state_, report.observations, clock);
    name_acceptances(state_, world.config, report);
    state_.take_changes();
    if (clock - pruned_ > day || clock < pruned_) {
        state_.prune(clock - 30 * day);
        pruned_ = clock;
    }
    return report;
}

Timestamp Replay::next_crossing(const World& world, const Report& report) const {
    Timestamp next = std::numeric_limits<double>::infinity();
    const Timestamp clock = report.written_at;
    const auto crosses = [&](Timestamp time) {
        if (time >= clock && time + 1 < next) next = time + 1;
    };
    std::unordered_map<const Metric*, std::vector<const Observation*>> by_metric;
    for (const Observation& one : report.observations) by_metric[one.metric].push_back(&one);
    for (const Bar& bar : bars()) {
        const auto lefts = by_metric.find(bar.left);
        if (lefts == by_metric.end()) continue;
        for (const Observation* left : lefts->second) {
            if (bar.clock == Clock::age && left->value >= clock) continue;  // renewed by each look
            if (bar.right == nullptr) {
                crosses(left->value + (bar.clock == Clock::age ? bar.limit : -bar.limit));
                continue;
            }
            const auto rights = by_metric.find(bar.right);
            if (rights == by_metric.end()) continue;
            for (const Observation* right : rights->second)
                if (right->subject == left->subject)
                    crosses(left->value + (bar.clock == Clock::age ? right->value + bar.limit
                                                                   : -right->value - bar.limit));
        }
    }
    for (const auto& [key, since] : state_.rule_memory().since)
        if (const auto hold = holds().find(key.rule); hold != holds().end())
            crosses(since + hold->second);
    return next - world.clock_off;
}

}  // namespace lastgood::simulation
