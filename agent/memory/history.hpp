// Derives numbers from history: how much a counter grew, how many errors are recent. Does no I/O.
#pragma once

#include <vector>

#include "agent/memory/state.hpp"
#include "core/config.hpp"

namespace lastgood {

// Adds the value to the history if its metric has a growth or recent metric. `increment`: the
// counter began at 0; else growth counts from the first value.
void note_growth(State& state, const Observation& observation, bool increment);

// Appends drive_count_increase, drive_kernel_errors_recent and the like as of `now` to `out`.
void add_growth(const State& state, const Config& config,
                const std::vector<Observation>& observations, Timestamp now,
                std::vector<Observation>& out);

// The longest window for which history is needed, in seconds.
Seconds history_span(const Config& config);

}  // namespace lastgood
