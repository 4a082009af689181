// Chooses one mount of each filesystem. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "core/topology.hpp"

namespace lastgood {

// Selects the mounts to report, in the order of mountinfo: for each filesystem (btrfs: each
// subvolume) the mount that shows most of it. Leaves out mounts hidden by another mount.
std::vector<const Mount*> select_mounts(const std::vector<Mount>& mounts,
                                        std::string_view proc_filesystems);

}  // namespace lastgood
