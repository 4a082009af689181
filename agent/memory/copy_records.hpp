// What people recorded of backups, as observations. Does no I/O.
#pragma once

#include <vector>

#include "agent/memory/state.hpp"
#include "core/config.hpp"

namespace lastgood {

// Adds the records of configured backups, and moves the time of the last verification or restore to
// that of a newer record.
void add_copy_records(const State& state, const Config& config, Timestamp now,
                      std::vector<Observation>& observations);

}  // namespace lastgood
