#include "agent/memory/acceptances.hpp"

#include <algorithm>

#include "core/facts.hpp"
#include "core/metrics/agent.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

// The acceptances of the configuration, with the ids of what they name here.
std::vector<Acceptance> configured(const Config& config, Timestamp now,
                                   std::vector<Observation>& observations) {
    std::vector<Acceptance> found;
    if (config.accepted.empty()) return found;
    Report report;
    report.observations = std::move(observations);
    {
        const Facts facts(report);
        for (const AcceptSetting& setting : config.accepted) {
            const Rule* rule = find_rule(setting.rule);
            if (!rule || setting.until <= now) continue;
            const Acceptance one{setting.rule,  rule->subject, "",
                                 setting.up_to, setting.until, "the configuration",
                                 setting.reason};
            if (rule->subject == SubjectKind::host) found.push_back(one);
            for (const Subject* subject : facts.named(setting.subject))
                if (subject->kind == rule->subject && !subject->id.empty()) {
                    found.push_back(one);
                    found.back().subject = subject->id;
                }
        }
    }
    observations = std::move(report.observations);
    return found;
}

}  // namespace

void add_acceptances(const State& state, const Config& config, Timestamp now,
                     std::vector<Observation>& observations) {
    std::vector<Acceptance> all = configured(config, now, observations);
    for (const auto& [key, acceptance] : state.acceptances())
        if (acceptance.until > now) all.push_back(acceptance);
    for (const Acceptance& one : all) {
        Labels labels{{"rule", one.rule}};
        if (!one.subject.empty()) labels.emplace_back(to_string(one.kind), one.subject);
        std::ranges::sort(labels);
        observations.push_back({&metric::accepted, "", labels, one.up_to.value_or(1), now});
        observations.push_back(
            {&metric::accepted_until_timestamp_seconds, "", labels, one.until, now});
    }
}

void name_acceptances(const State& state, const Config& config, std::vector<Finding>& findings) {
    for (Finding& finding : findings) {
        if (!finding.accepted) continue;
        const auto by_command = state.acceptances().find({finding.rule, finding.subject});
        if (by_command != state.acceptances().end()) {
            finding.accepted->by = by_command->second.by;
            finding.accepted->reason = by_command->second.reason;
            continue;
        }
        finding.accepted->by = "the configuration";
        for (const AcceptSetting& setting : config.accepted)
            if (setting.rule == finding.rule && setting.until == finding.accepted->until)
                finding.accepted->reason = setting.reason;
    }
}

}  // namespace lastgood
