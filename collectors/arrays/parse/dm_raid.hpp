// Parses the status of device-mapper devices with the target "raid", as LVM's RAID volumes are.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

struct DmRaid {
    std::string name;  // of the mapped device: "vg-lv"
    // dm-raid uses md's code, so its status is that of an md array. A member's number is that of
    // its leg; its device is empty.
    MdArray array;
};

// Parses the output of `dmsetup status --target raid`, one line for each device:
//   vg-lv: 0 131072 raid raid1 2 Aa 99712/131072 recover 0 0 -
// name, start, length, target, then the status after the kernel documentation, admin-guide/
// device-mapper/dm-raid.rst: type, number of devices, health of each (drivers/md/dm-raid.c,
// __raid_dev_status), progress in sectors, action, mismatches, and since target version 1.10 data
// offset and journal. Skips lines of other targets; a malformed line is an array with a `problem`.
// Linear time.
std::vector<DmRaid> parse_dm_raid_status(std::string_view text);

}  // namespace lastgood
