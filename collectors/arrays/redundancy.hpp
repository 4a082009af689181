// How many further losses an md array survives. Pure.
#pragma once

#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

struct Redundancy {
    bool known = false;   // false: a container, an array that is not assembled, or an unknown level
                          // or layout
    bool failed = false;  // more members are lost than the array survives
    int survivable_failures = 0;   // any so many further losses lose no data
    std::vector<int> fatal_slots;  // members whose loss now would lose data; sorted
};

// `slots` has one entry for each slot of the array. A member that is being rebuilt counts as lost
// until it is in sync; its own loss is not fatal. `layout` is sysfs' number and matters for RAID 10
// only; an unknown one counts as one copy.
Redundancy md_redundancy(MdLevel level, std::optional<int> layout,
                         const std::vector<MdSlot>& slots);

// During a reshape of a RAID 10 that changes the number of members: the worse of before and after.
Redundancy md_redundancy(const MdArray& array);

// For each slot that is in sync and not fatal: the slots whose loss, once it is lost, would lose
// data. Empty for a slot after whose loss any further one is survived.
std::vector<std::vector<int>> partners_of(const MdArray& array);

// RAID 10: each set of slots that hold all copies of some chunk; empty if the layout is impossible.
// Source: the kernel's drivers/md/raid10.c (setup_geo, __raid10_find_phys) and md(4).
std::vector<std::vector<int>> raid10_copy_sets(int layout, int raid_disks);

}  // namespace lastgood
