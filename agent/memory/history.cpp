#include "agent/memory/history.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace lastgood {

void note_growth(State& state, const Observation& observation, bool increment) {
    const Series series{observation.metric, observation.subject, observation.labels};
    if (increment) {
        if (!observation.metric->recent) return;
        state.note_history(series, state.counters().at(series).value, observation.observed_at,
                           true);
    } else if (observation.metric->growth.metric) {
        state.note_history(series, observation.value, observation.observed_at, false);
    }
}

void add_growth(const State& state, const Config& config,
                const std::vector<Observation>& observations, Timestamp now,
                std::vector<Observation>& out) {
    // Sums over labels that the result does not have, like operation.
    std::map<std::tuple<const Metric*, std::string_view, std::string>, std::pair<double, Timestamp>>
        sums;
    for (const Observation& observation : observations) {
        const Growth& growth = observation.metric->growth;
        if (!growth.metric) continue;
        auto& [sum, observed_at] = sums[{growth.metric, growth.counter, observation.subject}];
        sum = saturated_sum(
            sum, state.increase({observation.metric, observation.subject, observation.labels},
                                now - config.growth_window));
        observed_at = std::max(observed_at, observation.observed_at);
    }
    for (const auto& [key, sum] : sums) {
        const auto& [metric, counter, subject] = key;
        out.push_back({metric,
                       subject,
                       {{std::string(metric->labels), std::string(counter)}},
                       sum.first,
                       sum.second});
    }
    for (const auto& [series, value] : state.counters())
        if (series.metric->recent)
            out.push_back({series.metric->recent, series.subject, series.labels,
                           state.increase(series, now - config.kernel_log_window),
                           value.observed_at});
}

Seconds history_span(const Config& config) {
    return std::max(config.growth_window, config.kernel_log_window);
}

}  // namespace lastgood
