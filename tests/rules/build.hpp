// Short helpers that make observations and list findings.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/observation.hpp"
#include "rules/rule.hpp"

namespace lastgood::test {

inline Observation observation(const Metric& metric, std::string subject, double value,
                               Labels labels = {}) {
    std::ranges::sort(labels);
    return Observation{&metric, std::move(subject), std::move(labels), value, 0};
}

inline std::vector<std::string> names(const std::vector<Finding>& findings) {
    std::vector<std::string> result;
    for (const Finding& finding : findings) {
        result.push_back(finding.rule + (finding.subject.empty() ? "" : " " + finding.subject));
    }
    std::ranges::sort(result);
    return result;
}

inline constexpr Timestamp table_time = 1'800'000'000;

// What the whole table finds at table_time, when every hold time has elapsed.
inline std::vector<std::string> found(const std::vector<Observation>& observations) {
    std::vector<Rule> rules(all_rules().begin(), all_rules().end());
    for (Rule& rule : rules) rule.hold = 0;
    RuleMemory memory;
    return names(evaluate(rules, observations, table_time, memory));
}

}  // namespace lastgood::test
