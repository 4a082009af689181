// Searches this host's local filesystems for backups and suggests a configuration for them. For
// `lastgood config discover` only; the agent does not search.
#pragma once

#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct DiscoverLimits {
    int depth = 4;           // directories below a mount point
    size_t entries = 50000;  // names read
    Seconds time = 10;
};

struct SuggestedBackup {
    Backup backup;
    std::vector<std::string> remarks;  // sentences: what was found, and reasons for the settings
};

struct Discovery {
    std::vector<SuggestedBackup> suggestions;  // sorted by location
    std::vector<std::string> notes;            // sentences: what was not searched, and why
    std::vector<std::string> places;           // mount points that were searched
    size_t directories = 0;                    // number of directories read
    size_t configured = 0;                     // backups found that are configured already
};

// Finds restic, borg and pgBackRest repositories, directories with vzdump's archives, and those
// with at least three dated dumps of the same naming scheme; then adds what the configurations and
// jobs of backup tools tell (discover_jobs.hpp). Searches mounted local filesystems only and
// crosses no mount point, because a dead network server would block it. Skips hidden directories
// and those of the operating system; follows no symbolic link. Needs no password. Stops at
// `limits`, with a note.
Discovery discover_backups(const Host& host, const Topology& topology, const Config& config,
                           const DiscoverLimits& limits = {});

}  // namespace lastgood
