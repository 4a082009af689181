// Which findings are accepted, by the command and by the configuration. Does no I/O.
#pragma once

#include <vector>

#include "agent/memory/state.hpp"
#include "core/config.hpp"
#include "core/report.hpp"

namespace lastgood {

// An acceptance by the command ends when its finding has been over for so long: the next one is
// another one.
inline constexpr Seconds acceptance_outlives = 86400.0;

// Drops acceptances by the command whose time, or whose finding, has been over for
// `acceptance_outlives`; returns the latter. A loss of state that was accepted is
// forgotten when its acceptance ends. `observations` and the memory of the rules are those
// of one evaluation at `now`.
std::vector<Acceptance> end_acceptances(State& state, const std::vector<Observation>& observations,
                                        Timestamp now);

// Adds the acceptances in force at `now` as observations, by which host and Prometheus judge.
void add_acceptances(const State& state, const Config& config, Timestamp now,
                     std::vector<Observation>& observations);

// Tells of each accepted finding of the report who accepted it, and why.
void name_acceptances(const State& state, const Config& config, Report& report);

}  // namespace lastgood
