// Whether the files of pgBackRest's backups are all there: a copy of a repository that was stopped
// has the records first, and not yet the files.
#pragma once

#include <string>
#include <vector>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"
#include "core/host.hpp"

namespace lastgood {

struct LackingBackup {
    std::string label;
    double bytes = 0, least = 0;  // found, and of backup.info
    bool unknown = false;         // they are not counted to the end yet, or may still arrive
};

// The backups in DIRECTORY/LABEL that have fewer bytes than backup.info tells, or are not counted
// yet, the newest first. `memory` as of FileCounter.
std::vector<LackingBackup> find_lacking_backups(const Host& host, const std::string& directory,
                                                const std::vector<PgbackrestBackup>& backups,
                                                LookMemory* memory);

}  // namespace lastgood
