// btrfs filesystems over several drives, seen as arrays.
#pragma once

#include <string_view>

#include "core/host.hpp"
#include "core/observation.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Losses that a btrfs profile ("raid1", "raid1c3", "dup" …) is sure to survive (btrfs(5),
// PROFILES); -1 for a word from a newer kernel.
int btrfs_profile_survives(std::string_view profile);

// Mounted btrfs filesystems with more than one device, from /sys/fs/btrfs: their devices, whether
// one is missing (Linux 5.6 and later say so), and what the weakest profile of their data, metadata
// and system chunks still bears. Profiles of raid10 and of more devices than copies may bear more;
// that is not sure and not counted.
void observe_btrfs_arrays(const Host& host, const Topology* topology, Timestamp now, Sink& sink);

}  // namespace lastgood
