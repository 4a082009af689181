// When the copies of a backup were verified and restored, by the stamps that its tests leave.
#pragma once

#include "collectors/backups/look_memory.hpp"
#include "core/config.hpp"
#include "core/observation.hpp"

namespace lastgood {

// Prints when the stamps say that they were; of a stamp that cannot be read what an earlier look
// saw, with its age. Kept in the section "proofs". Of the backup as a whole, not of its streams.
// Waits some seconds for a filesystem that does not answer, and no longer.
void observe_proofs(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup,
                    Timestamp now);

}  // namespace lastgood
