// The job of a backup: the setting systemd, alone or beside a repository.
#pragma once

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/collector.hpp"

namespace lastgood {

// Observes how the last runs of backup.unit ended, and remembers them. Returns the job as a backup
// of its own: its newest copy is as old as its last successful run. Errors: those of read_unit().
// Blocks for as long as read_unit() and the journal's disk.
Result<BackupState> look_at_job(Context& context, const Backup& backup, LookMemory& memory);

}  // namespace lastgood
