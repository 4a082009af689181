// What is said of a backup while the record of one of its copies is damaged or cannot be read.
#pragma once

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"
#include "core/observation.hpp"

namespace lastgood {

// Whether the state tells how fresh the backup is; false: a newer copy that cannot be judged may be
// fresh, while no other is. Of those that are too old all the same it puts the newest that an
// earlier look proved into the state. `limit`: as old as the newest copy may be. Sets `readable` of
// the streams, whose newest copy is then the one that is known. Comes after note_newest().
bool can_be_judged(const LookMemory& memory, const Backup& backup, BackupState& state,
                   Seconds limit, Timestamp now);

// Names the newest copy that is not whole, or whose record is damaged (BackupState::broken).
void observe_broken(Sink& sink, const Backup& backup, const BackupState& state, Timestamp now);

}  // namespace lastgood
