// What a job that ended well proves of the directories that it wrote.
#pragma once

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"

namespace lastgood {

// A directory has no mark of its end. That its job ended well since is one; a copy that has a fault
// beside is not believed. Of several streams, a newest copy is proven if it was made in the last
// day before that end, and stays so: memory keeps it. What a failed run left behind of a stream
// that the next run does not write is not proven by that one.
void believe_job(BackupState& state, const BackupState& job, LookMemory& memory);

}  // namespace lastgood
