// Reports btrfs filesystems on several drives as arrays.
#pragma once

#include <string_view>

#include "core/host.hpp"
#include "core/observation.hpp"
#include "core/topology.hpp"

namespace lastgood {

// The number of device losses that a btrfs profile ("raid1", "raid1c3", "dup") survives in any case
// (btrfs(5), PROFILES); -1: unknown profile.
int btrfs_profile_survives(std::string_view profile);

// Writes observations of each mounted btrfs filesystem with more than one device, from
// /sys/fs/btrfs: its devices, which are missing (since Linux 5.6), and how many losses it survives,
// by the weakest profile of its data, metadata and system chunks. With raid10, or with more devices
// than copies, some further losses may be survived; they are not counted. Reads sysfs only, no
// device. `topology` may be nullptr: the drives are then unknown. An unknown profile is a problem
// in `sink`.
void observe_btrfs_arrays(const Host& host, const Topology* topology, Timestamp now, Sink& sink);

}  // namespace lastgood
