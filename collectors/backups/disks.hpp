// Which drives the copies of a backup lie on.
#pragma once

#include <set>
#include <string>

#include "collectors/collector.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Prints the drives of this host that the copies lie on, and whether they are lost with the
// machine; nothing if the place is not there. `ephemeral`: as ephemeral_drives() returns it.
void observe_disks(const Host& host, Sink& sink, const Topology& topology,
                   const std::set<std::string>& ephemeral, const Backup& backup);

}  // namespace lastgood
