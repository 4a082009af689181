// What the host looks like now: every collector's newest facts, joined with what is remembered and
// worked out.
#pragma once

#include <optional>
#include <vector>

#include "agent/memory/state.hpp"
#include "agent/supervise/supervisor.hpp"
#include "core/config.hpp"
#include "core/report.hpp"

namespace lastgood {

// What the agent says of itself.
struct AgentFacts {
    Timestamp started_at = 0;
    double reports_written = 0;
    bool state_persisted = true;
    bool config_accepted = true;
};

// Notes in `state` which drives and arrays are here and which values outlive a failed read.
void remember(State& state, const std::list<Task>& tasks, Timestamp now);

// Every observation of the report at `now`, sorted.
std::vector<Observation> observe_all(const std::list<Task>& tasks, const State& state,
                                     const Config& config, const AgentFacts& facts, Timestamp now);

std::vector<Problem> problems_of(const std::list<Task>& tasks);

// Info observations of one subject become one, with the labels of all; the first that names a label
// wins.
void join_info(std::vector<Observation>& observations);

}  // namespace lastgood
