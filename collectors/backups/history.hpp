// What the copies of a backup were like before: how far they reached back, how large they were.
#pragma once

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"
#include "core/observation.hpp"

namespace lastgood {

// Remembers this look, and prints what it and the earlier ones ask of the backup and of each of its
// streams: span, count, usual size. Keeps what it remembers in the section "history".
void observe_history(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup,
                     const BackupState& state, Timestamp now);

}  // namespace lastgood
