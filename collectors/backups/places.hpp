// Where the copies of a backup lie against what it covers.
#pragma once

#include <set>
#include <string>

#include "collectors/backups/other_copies.hpp"
#include "collectors/collector.hpp"

namespace lastgood {

// What is the same for all backups of one look.
struct Surroundings {
    const Topology& topology;
    std::set<std::string> ephemeral;  // drives
    OtherCopies& others;
};

// Paths of covers that are not there, the failure domain, whether it lies on this host, disks that
// do not last, and the backups that have the same elsewhere. Looks at nothing that may hang.
void observe_places(Context& context, Surroundings& around, const Backup& backup, Timestamp now);

}  // namespace lastgood
