// Numbers that need memory: how much a counter grew, how many errors were recent.
#pragma once

#include <vector>

#include "agent/memory/state.hpp"
#include "core/config.hpp"

namespace lastgood {

// Notes the value if its growth is asked for. An increment begins at 0, a fact at its first value.
void note_growth(State& state, const Observation& observation, bool increment);

// drive_count_increase, drive_kernel_errors_recent and their like, at `now`.
void add_growth(const State& state, const Config& config,
                const std::vector<Observation>& observations, Timestamp now,
                std::vector<Observation>& out);

// How far back history is needed.
Seconds history_span(const Config& config);

}  // namespace lastgood
