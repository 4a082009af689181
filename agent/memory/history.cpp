#include "agent/memory/history.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/kernel_log.hpp"

namespace lastgood {

namespace {

// Health counters whose growth makes a drive suspect, and the word for each in
// drive_count_increase{counter}.
struct Growth {
    const Metric* metric;
    const char* counter;
};
constexpr auto growths = std::to_array<Growth>({
    {&metric::drive_reallocated_sectors, "reallocated_sectors"},
    {&metric::drive_interface_crc_errors_total, "interface_crc_errors"},
    {&metric::drive_reported_uncorrectable_errors_total, "reported_uncorrectable_errors"},
    {&metric::drive_command_timeouts_total, "command_timeouts"},
    {&metric::drive_media_errors_total, "media_errors"},
    {&metric::drive_io_errors_total, "io_errors"},
    {&metric::drive_uncorrected_errors_total, "uncorrected_errors"},
    {&metric::drive_grown_defects, "grown_defects"},
});

// Counters of the kernel log, and the metric that holds what of them is recent.
struct Recent {
    const Metric* total;
    const Metric* recent;
};
constexpr auto recents = std::to_array<Recent>({
    {&metric::drive_kernel_errors_total, &metric::drive_kernel_errors_recent},
    {&metric::array_kernel_errors_total, &metric::array_kernel_errors_recent},
    {&metric::filesystem_kernel_log_errors_total, &metric::filesystem_kernel_log_errors_recent},
    {&metric::kernel_log_lost_records_total, &metric::kernel_log_lost_records_recent},
});

const Growth* growth_of(const Metric* metric) {
    const auto found = std::ranges::find(growths, metric, &Growth::metric);
    return found == growths.end() ? nullptr : &*found;
}

}  // namespace

void note_growth(State& state, const Observation& observation, bool increment) {
    const Series series{observation.metric, observation.subject, observation.labels};
    if (increment) {
        if (std::ranges::find(recents, observation.metric, &Recent::total) == recents.end()) return;
        state.note_history(series, state.counters().at(series).value, observation.observed_at,
                           true);
    } else if (growth_of(observation.metric)) {
        state.note_history(series, observation.value, observation.observed_at, false);
    }
}

void add_growth(const State& state, const Config& config,
                const std::vector<Observation>& observations, Timestamp now,
                std::vector<Observation>& out) {
    std::map<std::pair<std::string, std::string>, std::pair<double, Timestamp>>
        sums;  // over labels like operation
    for (const Observation& observation : observations) {
        const Growth* growth = growth_of(observation.metric);
        if (!growth) continue;
        auto& [sum, observed_at] = sums[{observation.subject, growth->counter}];
        sum += state.increase({observation.metric, observation.subject, observation.labels},
                              now - config.growth_window);
        observed_at = std::max(observed_at, observation.observed_at);
    }
    for (const auto& [key, sum] : sums)
        out.push_back({&metric::drive_count_increase,
                       key.first,
                       {{"counter", key.second}},
                       sum.first,
                       sum.second});
    for (const auto& [series, value] : state.counters())
        for (const Recent& recent : recents)
            if (series.metric == recent.total)
                out.push_back({recent.recent, series.subject, series.labels,
                               state.increase(series, now - config.kernel_log_window),
                               value.observed_at});
}

Seconds history_span(const Config& config) {
    return std::max(config.growth_window, config.kernel_log_window);
}

}  // namespace lastgood
