// The device-mapper's RAID target, which LVM's raid1, raid10, raid5 … volumes are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

struct DmRaid {
    std::string name;  // the mapped device's: "vg-lv"
    // As md would describe it: dm-raid is md underneath. Members have a number, their leg's, and no
    // device.
    MdArray array;
};

// The output of `dmsetup status --target raid`: a line for each device,
//   vg-lv: 0 131072 raid raid1 2 Aa 99712/131072 recover 0 0 -
// name, start, length, target, then the status of Linux Documentation/admin-guide/device-mapper/
// dm-raid.rst: type, devices, health of each (drivers/md/dm-raid.c, __raid_dev_status), progress
// in sectors, action, mismatches, and since 1.10 data offset and journal. Lines of other targets
// are left out; one that makes no sense is an array with its `problem`. Linear.
std::vector<DmRaid> parse_dm_raid_status(std::string_view text);

}  // namespace lastgood
