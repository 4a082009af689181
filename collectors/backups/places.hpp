// Where the copies of a backup lie against what it covers.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "collectors/backups/other_copies.hpp"
#include "collectors/collector.hpp"
#include "core/fstab.hpp"

namespace lastgood {

// What is the same for all backups of one look.
struct Surroundings {
    const Topology& topology;
    std::vector<FstabEntry> fstab;
    std::set<std::string> ephemeral;  // drives
    OtherCopies& others;
};

// Paths of covers that are not there, the failure domain, whether it lies on this host, disks that
// do not last, and the backups that have the same elsewhere. Looks at nothing that may hang.
// Returns the mount point of a source that fstab names and that is not mounted; empty: none.
std::string observe_places(Context& context, Surroundings& around, const Backup& backup,
                           Timestamp now);

}  // namespace lastgood
