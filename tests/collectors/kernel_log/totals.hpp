// Counters as short text, for comparisons in tests.
#pragma once

#include <fmt/core.h>

#include <map>
#include <string>
#include <vector>

#include "core/observation.hpp"

namespace lastgood::test {

using Totals = std::map<std::string, double>;

// "SUBJECT KIND/LAYER" → value for each counter; of counters without a subject: the metric's name.
inline Totals totals(const std::vector<Observation>& observations) {
    Totals found;
    for (const Observation& o : observations) {
        if (o.metric->type != MetricType::counter) continue;
        std::string key(o.metric->subject == SubjectKind::host ? o.metric->name : o.subject);
        if (!o.label("kind").empty()) {
            key += " " + std::string(o.label("kind")) + "/" + std::string(o.label("layer"));
        }
        found[key] += o.value;
    }
    return found;
}

inline std::string text_of(const Totals& found) {
    std::string text;
    for (const auto& [key, value] : found) text += fmt::format("{}={}; ", key, value);
    return text;
}

}  // namespace lastgood::test
