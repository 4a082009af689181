#include "agent/supervise/sleepers.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace lastgood {

namespace {

bool says_asleep(const Observation& observation) {
    const Metric& metric = *observation.metric;
    if (metric.asleep.empty()) return false;
    const std::string words = "," + std::string(metric.asleep) + ",";
    return words.find("," + std::string(observation.label(metric.labels)) + ",") != words.npos;
}

}  // namespace

void keep_values_of_sleepers(const std::vector<Observation>& before,
                             std::vector<Observation>& now) {
    std::set<std::string> asleep;
    for (const Observation& observation : now)
        if (says_asleep(observation)) asleep.insert(observation.subject);
    if (asleep.empty()) return;
    const auto replaces = [](const Observation& newer, const Observation& old) {
        // A state metric has one series at a time, whatever its label.
        return newer.metric == old.metric && newer.subject == old.subject &&
               (newer.labels == old.labels || !newer.metric->asleep.empty());
    };
    std::vector<Observation> kept;
    for (const Observation& old : before)
        if (asleep.contains(old.subject) &&
            std::ranges::none_of(now, [&](const auto& newer) { return replaces(newer, old); }))
            kept.push_back(old);
    now.insert(now.end(), kept.begin(), kept.end());
}

}  // namespace lastgood
