// Looks up observations.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/observation.hpp"

namespace lastgood::test {

// The observations of a metric, of one subject or of all.
inline std::vector<const Observation*> select(
    const std::vector<Observation>& observations, const Metric& metric,
    std::optional<std::string_view> subject = std::nullopt) {
    std::vector<const Observation*> found;
    for (const Observation& observation : observations)
        if (observation.metric == &metric && (!subject || observation.subject == *subject))
            found.push_back(&observation);
    return found;
}

}  // namespace lastgood::test
