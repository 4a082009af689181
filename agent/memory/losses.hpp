// What is told of saved state that was lost: in the state, in the log, in the report. Does no I/O.
#pragma once

#include <string>
#include <vector>

#include "agent/memory/state.hpp"
#include "agent/memory/store.hpp"
#include "core/report.hpp"

namespace lastgood {

// What is known when a database was opened.
struct Opened {
    const Saved& saved;
    bool in_memory = false;       // the agent has run, its memory has what was saved
    bool watched_before = false;  // the last report says that an agent has watched this host
};

// Notes what is lost, and takes over nothing. Returns a line for the log for each thing that is
// wrong, also where nothing is lost.
std::vector<std::string> note_losses(State& state, const Opened& opened, const Rejected& rejected,
                                     Timestamp now);

// Adds the words about losses that nobody has accepted yet, so that they stand beside the finding.
void add_losses(const State& state, const std::vector<Finding>& findings,
                std::vector<Problem>& problems);

}  // namespace lastgood
