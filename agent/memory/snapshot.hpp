// Builds the observations of a report: the newest facts of every collector, remembered values and
// derived ones. Does no I/O.
#pragma once

#include <optional>
#include <vector>

#include "agent/memory/state.hpp"
#include "agent/supervise/supervisor.hpp"
#include "core/config.hpp"
#include "core/report.hpp"

namespace lastgood {

// Facts about the agent itself.
struct AgentFacts {
    Timestamp started_at = 0;
    // nullopt: what was counted before is not known yet.
    std::optional<double> generation = {};
    bool state_persisted = true;
    bool config_accepted = true;
    bool booting = false;                  // drives and arrays may not be there yet
    std::optional<bool> listener_up = {};  // nullopt: the agent has none, or does not know yet
};

// Records in `state` which drives and arrays are present, and the values that survive a failed
// read.
void remember(State& state, const std::list<Task>& tasks, Timestamp now);

// All observations of the report at `now`, sorted, each series once.
std::vector<Observation> observe_all(const std::list<Task>& tasks, const State& state,
                                     const Config& config, const AgentFacts& facts, Timestamp now);

// What the collectors could not read, and the collectors that failed.
std::vector<Problem> problems_of(const std::list<Task>& tasks);

// Joins the info observations of each subject into one with the labels of all; if two set a label,
// the first wins.
void join_info(std::vector<Observation>& observations);

}  // namespace lastgood
