// The kernel's names of block devices. Pure.
#pragma once

#include <string_view>

namespace lastgood {

// The device that a partition lies on: "sdb1" → "sdb", "nvme0n1p2" → "nvme0n1", "mmcblk0p1" →
// "mmcblk0", "md0p1" → "md0"; "/dev/" is removed; any other name stays as it is.
std::string_view whole_device(std::string_view name);

}  // namespace lastgood
