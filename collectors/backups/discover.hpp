// Looks for backups on this host's own filesystems, so that a configuration can be suggested. A
// search by hand (`lastgood config discover`), no part of watching.
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
    std::vector<std::string> remarks;  // sentences: what it is, and why so
};

struct Discovery {
    std::vector<SuggestedBackup> suggestions;  // by location
    std::vector<std::string> notes;            // what was left out, and why
    std::vector<std::string> places;           // mount points that were searched
    size_t directories = 0;                    // looked into
    size_t configured = 0;                     // found, but the configuration has them
};

// restic, borg and pgBackRest repositories, and directories with three and more dated dumps that
// look alike. Only on mounted local filesystems, and never across a mount point: asking a dead
// network server would hang. Hidden directories and those of the system's programs are not looked
// into; symbolic links are not followed. It opens no repository: no password is needed.
Discovery discover_backups(const Host& host, const Topology& topology, const Config& config,
                           const DiscoverLimits& limits = {});

}  // namespace lastgood
