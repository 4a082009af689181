// Whether the files of pgBackRest's backups are all there: a copy of a repository that was stopped
// has the records first, and not yet the files.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"
#include "core/host.hpp"

namespace lastgood {

struct LackingBackup {
    std::string label;
    double bytes = 0, least = 0;  // found, and of backup.info
};

// The backups in DIRECTORY/LABEL that have fewer bytes than backup.info tells, the newest first.
// Counts for a few seconds, and never again what is unchanged and was whole, as long as `memory`
// (which may be missing) keeps it. What was not counted, or not to its end, is not among them.
std::vector<LackingBackup> find_lacking_backups(const Host& host, const std::string& directory,
                                                const std::vector<PgbackrestBackup>& backups,
                                                LookMemory* memory);

}  // namespace lastgood
