// Which findings are accepted, by the command and by the configuration. Does no I/O.
#pragma once

#include <vector>

#include "agent/memory/state.hpp"
#include "core/config.hpp"
#include "core/report.hpp"

namespace lastgood {

// Adds the acceptances in force at `now` as observations, by which host and Prometheus judge.
void add_acceptances(const State& state, const Config& config, Timestamp now,
                     std::vector<Observation>& observations);

// Tells of each accepted finding who accepted it, and why.
void name_acceptances(const State& state, const Config& config, std::vector<Finding>& findings);

}  // namespace lastgood
