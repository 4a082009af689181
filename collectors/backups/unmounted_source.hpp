// What copies prove that were made while their source was not mounted: nothing. A tool that finds
// an empty mount point makes a fresh copy of nothing.
#pragma once

#include <string>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"

namespace lastgood {

// Takes the proof from copies that may have been made while the source was not mounted, until its
// mount was seen again. Newer than the newest copy that an earlier look proved, they may be of the
// empty mount point; that one is put into the state in their place. `unmounted`: the mount point;
// empty: it is mounted. Comes before note_newest().
void doubt_copies_of_nothing(LookMemory& memory, const Backup& backup, BackupState& state,
                             const std::string& unmounted, Timestamp now);

}  // namespace lastgood
