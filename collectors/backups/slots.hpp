// Slots and streams that do not fit together: a name of one that the other does not know.
#pragma once

#include <string>
#include <vector>

#include "collectors/backups/state.hpp"
#include "core/config.hpp"
#include "core/observation.hpp"

namespace lastgood {

// The names in the slots that no stream has, sorted. Without slots none.
std::vector<std::string> slots_without_stream(const BackupPlan& plan,
                                              const std::vector<StreamState>& streams);

// Prints, of a backup with slots, which names no stream has (`unknown`) and which streams no slot
// names. One finding for all of them.
void observe_slots(Sink& sink, const Backup& whole, const std::vector<StreamState>& streams,
                   const std::vector<std::string>& unknown, Timestamp now);

// Prints of the streams that should have a copy of the same night how many have none.
void observe_missed_slots(const Host& host, Sink& sink, const Backup& whole,
                          const std::vector<StreamState>& streams, Timestamp now);

}  // namespace lastgood
