#include "agent/memory/snapshot.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "agent/memory/acceptances.hpp"
#include "agent/memory/copy_records.hpp"
#include "agent/memory/history.hpp"
#include "core/info_metric.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/words.hpp"
#include "rules/rule.hpp"

namespace lastgood {

namespace {

bool has_reported_well(const std::list<Task>& tasks, std::string_view name) {
    return std::ranges::any_of(tasks, [&](const Task& task) {
        return task.name == name && !task.retired && task.succeeded;
    });
}

bool tells_whether_it_answers(const Task& task) {
    if (!task.collector || !task.collector->answering) return false;
    if (task.subject.empty() || task.collector->groups || !task.has_reported) return false;
    const auto leads = task.collector->leads_to_others;
    return !task.succeeded || !leads || !leads(task.subject);
}

// The members of a group that its last run did not reach. One of which nothing is known yet may
// have been behind one that hangs, and comes before that one in the next run.
std::vector<std::string> unanswered_members(const Task& task) {
    if (!task.collector || !task.collector->answering || !task.has_reported) return {};
    const bool may_come = task.kind == CollectorKind::stream && task.backoff <= 2;
    std::set<std::string_view> told, known;
    for (const Observation& one : task.last.observations) {
        known.insert(one.subject);
        if (one.metric == task.collector->answering) told.insert(one.subject);
    }
    std::vector<std::string> silent;
    std::ranges::copy_if(task.members, std::back_inserter(silent), [&](const std::string& member) {
        return !told.contains(member) && (known.contains(member) || !may_come);
    });
    return silent;
}

// The remembered labels of the subject's info metric; empty if there are none.
Labels remembered_info(const State& state, SubjectKind kind, const std::string& subject) {
    const Metric* info = info_metric(kind);
    if (!info) return {};
    const auto found = state.remembered().lower_bound({info, subject, {}});
    const bool known = found != state.remembered().end() && found->first.metric == info &&
                       found->first.subject == subject;
    return known ? found->first.labels : Labels{};
}

void add_collector_facts(const std::list<Task>& tasks, Timestamp now,
                         std::vector<Observation>& out) {
    struct Facts {
        bool success = true, any_success = false, answers_for_subjects = false;
        Seconds duration = 0;
        Timestamp last_success = 0;
        double abandoned = 0;
    };
    std::map<std::string, Facts> collectors;
    for (const Task& task : tasks) {
        Facts& facts = collectors[task.name];
        facts.abandoned += static_cast<double>(task.abandoned.size());
        for (const auto& child : task.leavers) facts.abandoned += child->is_stuck() ? 1 : 0;
        if (task.retired || !task.has_reported) continue;
        const bool sound = task.succeeded && task.last.rejected_lines == 0;
        facts.success = facts.success && sound;
        facts.any_success = facts.any_success || sound;
        facts.answers_for_subjects = task.collector && task.collector->answering;
        facts.duration = std::max(facts.duration, task.duration);
        facts.last_success = std::max(facts.last_success, task.last_success);
    }
    for (const auto& [name, facts] : collectors) {
        // If each subject has a finding of its own, the collector fails only if it fails for all.
        const bool success = facts.answers_for_subjects ? facts.any_success : facts.success;
        out.push_back({&metric::collector_success, name, {}, success ? 1.0 : 0.0, now});
        out.push_back({&metric::collector_duration_seconds, name, {}, facts.duration, now});
        if (facts.last_success > 0)
            out.push_back({&metric::collector_last_success_timestamp_seconds,
                           name,
                           {},
                           facts.last_success,
                           now});
        out.push_back({&metric::collector_abandoned_children, name, {}, facts.abandoned, now});
    }
}

// Whether a rule about `present` was in force for the subject in the last report, perhaps before
// this boot.
bool was_missing(const State& state, const Metric& present, const std::string& subject) {
    return std::ranges::any_of(all_rules(), [&](const Rule& rule) {
        return !rule.all_of.empty() && rule.all_of.front().left.metric == &present &&
               state.rule_memory().since.contains({std::string(rule.name), subject});
    });
}

// Reports subjects that an inventory listed before and no longer lists. While the host boots, only
// those that were here since or were missing before: the others may still appear.
void add_missing(const std::list<Task>& tasks, const State& state, bool booting, Timestamp now,
                 std::vector<Observation>& out) {
    for (const Collector* collector : all_collectors()) {
        const Metric* present = collector->inventory;
        // no inventory was read yet
        if (!present || !has_reported_well(tasks, collector->name)) continue;
        std::set<std::string_view> here;
        for (const Observation& observation : out)
            if (observation.metric == present) here.insert(observation.subject);
        std::vector<Observation> missing;
        for (const auto& [subject, known] : state.known(present->subject))
            if (!here.contains(subject) && (!booting || state.has_seen(present->subject, subject) ||
                                            was_missing(state, *present, subject)))
                missing.push_back({present, subject, {}, 0, now});
        std::ranges::move(missing, std::back_inserter(out));
    }
}

// The newest proven copy of each backup that others report; nullptr: nobody reports one now.
std::map<std::string, const Observation*> reported_copies(
    const std::vector<const Observation*>& observations) {
    std::map<std::string, const Observation*> copies;
    for (const Observation* one : observations)
        if (one->metric == &metric::backup_reported_by_others && one->value == 1)
            copies.emplace(one->subject, nullptr);
    for (const Observation* one : observations) {
        if (one->metric != &metric::backup_newest_timestamp_seconds ||
            one->label("confidence") == "activity")
            continue;
        const auto found = copies.find(one->subject);
        if (found != copies.end() &&
            (found->second == nullptr || one->value > found->second->value))
            found->second = one;
    }
    return copies;
}

std::vector<const Observation*> pointers_to(const std::vector<Observation>& observations) {
    std::vector<const Observation*> pointers;
    pointers.reserve(observations.size());
    for (const Observation& one : observations) pointers.push_back(&one);
    return pointers;
}

// A backup that nobody reports any more cannot be read: with the last known time of its newest
// copy, as old as it is.
void add_unreported(const State& state, std::vector<Observation>& out) {
    std::vector<Observation> additions;
    for (const auto& [subject, newest] : reported_copies(pointers_to(out))) {
        const auto known =
            state.remembered().find({&metric::backup_reported_timestamp_seconds, subject, {}});
        const bool is_known = known != state.remembered().end();
        if (newest != nullptr) {
            additions.push_back({&metric::backup_reported_timestamp_seconds,
                                 subject,
                                 {},
                                 newest->value,
                                 newest->observed_at});
            continue;
        }
        for (Observation& one : out)
            if (one.metric == &metric::backup_readable && one.subject == subject) one.value = 0;
        if (!is_known) continue;
        const auto& [value, observed_at] = known->second;
        additions.push_back(
            {&metric::backup_reported_timestamp_seconds, subject, {}, value, observed_at});
        additions.push_back({&metric::backup_newest_timestamp_seconds,
                             subject,
                             {{"confidence", "inferred"}},
                             value,
                             observed_at});
    }
    std::ranges::move(additions, std::back_inserter(out));
}

void remember_reports(State& state, const std::list<Task>& tasks) {
    std::vector<const Observation*> all;
    for (const Task& task : tasks)
        if (!task.retired)
            for (const Observation& one : task.last.observations)
                if (one.metric->subject == SubjectKind::backup) all.push_back(&one);
    for (const auto& [subject, newest] : reported_copies(all))
        if (newest != nullptr)
            state.remember({&metric::backup_reported_timestamp_seconds,
                            subject,
                            {},
                            newest->value,
                            newest->observed_at});
}

void add_remembered(const State& state, std::vector<Observation>& out) {
    std::set<std::pair<const Metric*, std::string_view>> current;
    for (const Observation& observation : out)
        if (observation.metric->memory == Memory::remembered &&
            observation.metric->type != MetricType::info)
            current.emplace(observation.metric, observation.subject);
    std::vector<Observation> additions;
    for (const auto& [series, value] : state.remembered()) {
        if (current.contains({series.metric, series.subject})) continue;
        const bool lives = series.metric->subject == SubjectKind::collector ||
                           series.metric->subject == SubjectKind::host ||
                           state.known(series.metric->subject).contains(series.subject);
        if (lives)
            additions.push_back(
                {series.metric, series.subject, series.labels, value.value, value.observed_at});
    }
    for (Observation& observation : additions) out.push_back(std::move(observation));
}

void add_derived(const State& state, Timestamp now, std::vector<Observation>& out) {
    const auto first_seen = [&](SubjectKind kind,
                                const std::string& subject) -> std::optional<Timestamp> {
        const auto& known = state.known(kind);
        const auto found = known.find(subject);
        return found == known.end() ? std::nullopt : std::optional(found->second.first_seen);
    };
    MemorySink derived;
    for (const Collector* collector : all_collectors())
        if (collector->derive) collector->derive({out, first_seen, now}, derived);
    std::ranges::move(derived.observations, std::back_inserter(out));
}

// Of each series the newest value, of equally new ones the first: a file that somebody forgot in
// the inbox must not hide what a drive says now. Prometheus rejects duplicates.
void keep_newest(std::vector<Observation>& sorted) {
    size_t kept = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
        Observation& next = sorted[i];
        if (kept > 0 && next.metric == sorted[kept - 1].metric &&
            next.subject == sorted[kept - 1].subject && next.labels == sorted[kept - 1].labels) {
            if (next.observed_at > sorted[kept - 1].observed_at) std::swap(sorted[kept - 1], next);
        } else {
            if (kept != i) sorted[kept] = std::move(next);
            ++kept;
        }
    }
    sorted.resize(kept);
}

}  // namespace

void join_info(std::vector<Observation>& observations) {
    std::map<std::pair<const Metric*, std::string>, size_t> first;
    std::vector<Observation> joined;
    joined.reserve(observations.size());
    for (Observation& observation : observations) {
        if (observation.metric->type != MetricType::info) {
            joined.push_back(std::move(observation));
            continue;
        }
        const auto [known, is_new] =
            first.try_emplace({observation.metric, observation.subject}, joined.size());
        if (is_new) {
            joined.push_back(std::move(observation));
            continue;
        }
        Observation& whole = joined[known->second];
        for (auto& [key, value] : observation.labels) {
            const auto label =
                std::ranges::find(whole.labels, key, &std::pair<std::string, std::string>::first);
            if (label == whole.labels.end())
                whole.labels.emplace_back(key, value);
            else if (label->second.empty())
                label->second = value;
        }
        std::ranges::sort(whole.labels);
        whole.observed_at = std::max(whole.observed_at, observation.observed_at);
    }
    observations = std::move(joined);
}

void remember(State& state, const std::list<Task>& tasks, Timestamp now) {
    std::vector<Observation> observations;
    for (const Task& task : tasks) {
        if (task.retired) continue;
        for (const Observation& observation : task.last.observations)
            if (observation.metric->memory == Memory::remembered ||
                find_inventory(*observation.metric))
                observations.push_back(observation);
    }
    // Several collectors know parts of a drive's identity, and one may see a removed drive a moment
    // longer than the others.
    for (const auto& [series, value] : state.remembered())
        if (series.metric->type == MetricType::info)
            observations.push_back(
                {series.metric, series.subject, series.labels, value.value, value.observed_at});
    join_info(observations);
    remember_reports(state, tasks);
    std::ranges::stable_sort(observations, {}, &Observation::observed_at);  // the newest wins
    for (const Observation& observation : observations)
        if (observation.metric->memory == Memory::remembered) state.remember(observation);
    for (const Observation& observation : observations) {
        const Collector* lister = find_inventory(*observation.metric);
        if (!lister || observation.value == 0) continue;
        const SubjectKind kind = observation.metric->subject;
        const auto may_go = lister->comes_and_goes;
        if (may_go && may_go(remembered_info(state, kind, observation.subject))) continue;
        state.see(kind, observation.subject, now);
    }
}

std::vector<Observation> observe_all(const std::list<Task>& tasks, const State& state,
                                     const Config& config, const AgentFacts& facts, Timestamp now) {
    std::vector<Observation> all;
    for (const Task& task : tasks) {
        if (task.retired) continue;
        all.insert(all.end(), task.last.observations.begin(), task.last.observations.end());
        if (tells_whether_it_answers(task))
            all.push_back(
                {task.collector->answering, task.subject, {}, task.succeeded ? 1.0 : 0.0, now});
        for (const std::string& member : unanswered_members(task))
            all.push_back({task.collector->answering, member, {}, 0, now});
    }
    for (const auto& [series, value] : state.counters())
        all.push_back(
            {series.metric, series.subject, series.labels, value.value, value.observed_at});
    add_growth(state, config, all, now, all);
    add_missing(tasks, state, facts.booting, now, all);
    add_unreported(state, all);
    add_remembered(state, all);
    join_info(all);
    add_derived(state, now, all);
    add_collector_facts(tasks, now, all);
    const auto host = [&](const Metric& metric, double value, Labels labels = {}) {
        all.push_back({&metric, "", std::move(labels), value, now});
    };
    host(metric::report_timestamp_seconds, now);
    host(metric::state_persisted, facts.state_persisted ? 1 : 0);
    host(metric::config_accepted, facts.config_accepted ? 1 : 0);
    if (facts.listener_up) host(metric::listener_up, *facts.listener_up ? 1 : 0);
    host(metric::agent_info, 1, {{"version", LASTGOOD_VERSION}});
    host(metric::agent_started_timestamp_seconds, facts.started_at);
    host(metric::watched_since_timestamp_seconds, state.watched_since());
    if (facts.generation) host(metric::generation, *facts.generation);
    for (const auto& [what, lost] : state.losses())
        all.push_back({&metric::state_lost_timestamp_seconds,
                       "",
                       {{"reason", std::string(to_string(what))}},
                       lost.at,
                       now});
    add_copy_records(state, config, now, all);
    add_acceptances(state, config, now, all);
    // What was worked out here, too, must be a number: nothing else is judged or shown.
    std::erase_if(all, [](const Observation& one) { return !why_not_valid(one).empty(); });
    // Observed while the clock was ahead; it has been set back, and an age must not be negative.
    for (Observation& observation : all) {
        observation.observed_at = std::min(observation.observed_at, now);
        if (observation.metric->done_here) observation.value = std::min(observation.value, now);
    }
    sort_observations(all);
    keep_newest(all);
    return all;
}

std::vector<Problem> problems_of(const std::list<Task>& tasks) {
    std::vector<Problem> problems;
    for (const Task& task : tasks) {
        if (task.retired) continue;
        if (!task.failure.empty()) {
            problems.push_back({task.name, task.subject, task.failure, task.failing_since});
            for (const std::string& member : unanswered_members(task))
                problems.push_back({task.name, member, task.failure, task.failing_since});
        }
        if (task.last.rejected_lines > 0)
            problems.push_back(
                {task.name, task.subject,
                 fmt::format("{}; the first: {}",
                             counted(task.last.rejected_lines, "line is not a valid observation",
                                     "lines are not valid observations"),
                             task.last.first_rejected),
                 0});
        for (const auto& [subject, error] : task.last.problems)
            problems.push_back(
                {task.name, subject.empty() ? task.subject : subject, error.message, 0});
        for (const auto& [subject, count] : task.last.more_problems)
            problems.push_back(
                {task.name, subject.empty() ? task.subject : subject,
                 fmt::format("and {}", counted(count, "problem more", "problems more")), 0});
    }
    return problems;
}

}  // namespace lastgood
