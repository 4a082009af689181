#include "agent/memory/acceptances.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "core/facts.hpp"
#include "core/info_metric.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

// The rules that say that the newest copy of a backup is too old.
constexpr std::array<std::string_view, 6> rules_of_age{
    "backup_too_old",      "backup_far_too_old",  "backup_overdue",
    "backup_long_overdue", "backup_streams_late", "backup_streams_long_late"};

// The kernel gives the name of a device to another one after the next boot.
bool is_lasting_name(const Subject& subject, std::string_view word) {
    if (word == subject.id) return true;
    const Metric* info = info_metric(subject.kind);
    return info != nullptr &&
           std::ranges::any_of(std::array{"serial", "wwn", "uuid", "name"}, [&](const char* label) {
               return !word.empty() && to_lower(subject.label(*info, label)) == to_lower(word);
           });
}

// Whether the finding could have been told, and was not.
bool is_over(const Acceptance& one, const Rule& rule, const State& state,
             const std::vector<Observation>& observations) {
    if (rule.all_of.empty() || state.rule_memory().since.contains({one.rule, one.subject}))
        return false;
    const Condition& first = rule.all_of.front();
    return std::ranges::any_of(observations, [&](const Observation& observation) {
        const bool tells = first.comparison == Comparison::present
                               ? observation.metric->subject == one.kind
                               : observation.metric == first.left.metric;
        return tells && observation.subject == one.subject;
    });
}

bool is_about_losses(const Rule& rule) {
    return !rule.all_of.empty() &&
           rule.all_of.front().left.metric == &metric::state_lost_timestamp_seconds;
}

// Made while the clock was ahead: longer than anybody may accept it.
bool ends_too_late(const Acceptance& one, const Rule& rule, Timestamp now) {
    constexpr Seconds slack = 86400;  // for a clock that is set back a little
    return one.until > now + acceptance_limit_of(rule) + slack;
}

bool is_paused(const Backup& backup, Timestamp now) {
    return backup.plan.paused_until > now;
}

bool is_of(const Backup& backup, std::string_view subject) {  // itself or a stream of it
    return subject == backup.name || subject.starts_with(backup.name + "/");
}

// While a backup is paused, nobody counts the age of its copies and those of its streams.
void add_pauses(const Config& config, const Facts& facts, Timestamp now,
                std::vector<Acceptance>& found) {
    for (const Backup& backup : config.backups) {
        if (!is_paused(backup, now)) continue;
        for (const Subject* subject : facts.of(SubjectKind::backup)) {
            if (!is_of(backup, subject->id)) continue;
            for (const std::string_view rule : rules_of_age)
                found.push_back({.rule = std::string(rule),
                                 .kind = SubjectKind::backup,
                                 .subject = subject->id,
                                 .up_to = std::nullopt,
                                 .until = backup.plan.paused_until,
                                 .by = backup.plan.paused_by,
                                 .reason = backup.plan.paused_reason});
        }
    }
}

// The rules that say that no backup, or none that could help, has a filesystem or data. What lies
// on an ephemeral disk is not among them.
constexpr std::array<std::string_view, 1> rules_of_filesystems{"filesystem_not_backed_up"};
constexpr std::array<std::string_view, 4> rules_of_data{
    "data_not_backed_up", "data_on_one_drive", "data_on_same_drives", "data_only_as_files"};

// What somebody declares to be backed up out of this host's sight.
void add_declarations(const Facts& facts, Timestamp now, std::vector<Acceptance>& found) {
    const auto add = [&](SubjectKind kind, const Metric& declared, const auto& rules) {
        for (const Subject* subject : facts.of(kind)) {
            const Observation* one = subject->first(declared);
            if (one == nullptr || one->value <= now) continue;
            for (const std::string_view rule : rules)
                found.push_back({.rule = std::string(rule),
                                 .kind = kind,
                                 .subject = subject->id,
                                 .up_to = std::nullopt,
                                 .until = one->value,
                                 .by = std::string(one->label("owner")),
                                 .reason = std::string(one->label("reason"))});
        }
    };
    add(SubjectKind::filesystem, metric::filesystem_elsewhere_until_timestamp_seconds,
        rules_of_filesystems);
    add(SubjectKind::data, metric::data_elsewhere_until_timestamp_seconds, rules_of_data);
}

// The acceptances of the configuration, with the ids of what they name here.
std::vector<Acceptance> configured(const Config& config, Timestamp now,
                                   std::vector<Observation>& observations) {
    std::vector<Acceptance> found;
    const bool pauses = std::ranges::any_of(
        config.backups, [&](const Backup& backup) { return is_paused(backup, now); });
    if (config.accepted.empty() && config.elsewhere.empty() && !pauses) return found;
    Report report;
    report.observations = std::move(observations);
    {
        const Facts facts(report);
        add_pauses(config, facts, now, found);
        add_declarations(facts, now, found);
        for (const AcceptSetting& setting : config.accepted) {
            const Rule* rule = find_rule(setting.rule);
            if (!rule || setting.until <= now) continue;
            Acceptance one{.rule = setting.rule,
                           .kind = rule->subject,
                           .subject = {},
                           .up_to = setting.up_to,
                           .until = setting.until,
                           .by = "the configuration",
                           .reason = setting.reason};
            std::vector<const Subject*> meant = facts.named(setting.subject);
            std::erase_if(meant, [&](const Subject* subject) {
                return subject->kind != rule->subject ||
                       !is_lasting_name(*subject, setting.subject);
            });
            if (rule->subject != SubjectKind::host && meant.size() != 1) continue;
            if (rule->subject != SubjectKind::host) one.subject = meant.front()->id;
            found.push_back(std::move(one));
        }
    }
    observations = std::move(report.observations);
    return found;
}

// The one by which the finding is accepted; nullptr: none.
const Observation* declaration_of(const Finding& finding,
                                  const std::vector<Observation>& observations) {
    const Metric* declared = nullptr;
    if (contains(rules_of_filesystems, finding.rule))
        declared = &metric::filesystem_elsewhere_until_timestamp_seconds;
    if (contains(rules_of_data, finding.rule))
        declared = &metric::data_elsewhere_until_timestamp_seconds;
    const auto found = std::ranges::find_if(observations, [&](const Observation& one) {
        return one.metric == declared && one.subject == finding.subject &&
               one.value == finding.accepted->until;
    });
    return found == observations.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Acceptance> end_acceptances(State& state, const std::vector<Observation>& observations,
                                        Timestamp now) {
    std::vector<Acceptance> done, over;
    for (const auto& [key, one] : state.acceptances()) {
        const Rule* rule = find_rule(one.rule);
        // It is over, and nothing else would end its finding.
        if (rule != nullptr && one.until <= now && is_about_losses(*rule) && one.up_to)
            state.forget_losses(*one.up_to);
        if (rule == nullptr) {
            done.push_back(one);
            continue;
        }
        const bool ended = one.until <= now;
        Timestamp since = state.over_since(one);
        if (!ended && !is_over(one, *rule, state, observations))
            since = 0;
        else if (since == 0 || since > now)
            since = now;
        state.set_over_since(one, since);
        if (since != 0 && now - since >= acceptance_outlives) (ended ? done : over).push_back(one);
    }
    for (const auto& ended : {done, over})
        for (const Acceptance& one : ended) state.revoke(one.rule, one.subject);
    return over;
}

void add_acceptances(const State& state, const Config& config, Timestamp now,
                     std::vector<Observation>& observations) {
    std::vector<Acceptance> all;
    for (const auto& [key, acceptance] : state.acceptances()) all.push_back(acceptance);
    std::ranges::move(configured(config, now, observations), std::back_inserter(all));
    std::set<std::pair<std::string, std::string>> known;  // the command comes first
    std::erase_if(all, [&](const Acceptance& one) {
        const Rule* rule = find_rule(one.rule);
        return rule == nullptr || one.until <= now || ends_too_late(one, *rule, now) ||
               !known.emplace(one.rule, one.subject).second;
    });
    for (const Acceptance& one : all) {
        Labels labels{{"rule", one.rule}};
        if (!one.subject.empty()) labels.emplace_back(to_string(one.kind), one.subject);
        std::ranges::sort(labels);
        observations.push_back({&metric::accepted, "", labels, one.up_to.value_or(1), now});
        observations.push_back(
            {&metric::accepted_until_timestamp_seconds, "", labels, one.until, now});
    }
}

void name_acceptances(const State& state, const Config& config, Report& report) {
    for (Finding& finding : report.findings) {
        if (!finding.accepted) continue;
        const auto by_command = state.acceptances().find({finding.rule, finding.subject});
        if (by_command != state.acceptances().end()) {
            finding.accepted->by = by_command->second.by;
            finding.accepted->reason = by_command->second.reason;
            continue;
        }
        finding.accepted->by = "the configuration";
        for (const Backup& backup : config.backups) {
            if (!contains(rules_of_age, finding.rule) || !is_of(backup, finding.subject) ||
                backup.plan.paused_until != finding.accepted->until)
                continue;
            finding.accepted->by = backup.plan.paused_by;
            finding.accepted->reason = backup.plan.paused_reason;
        }
        if (const Observation* one = declaration_of(finding, report.observations)) {
            finding.accepted->by = one->label("owner");
            finding.accepted->reason = one->label("reason");
        }
        for (const AcceptSetting& setting : config.accepted)
            if (setting.rule == finding.rule && setting.until == finding.accepted->until)
                finding.accepted->reason = setting.reason;
    }
}

}  // namespace lastgood
