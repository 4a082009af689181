// How much more an md array can lose. Pure.
#pragma once

#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

struct Redundancy {
    bool known = false;   // false: a container, an array that is not put together, or a level or
                          // layout not understood
    bool failed = false;  // it has lost more than it can bear
    int survivable_failures = 0;  // so many further losses, whichever they are, lose no data
    std::vector<int>
        fatal_slots;  // places whose loss now loses data, or what was not yet lost of it
};

// `slots` has one entry for each place of the array. A member that is being rebuilt does not count
// until it is done; its own loss is not fatal. `layout` (sysfs' number) matters for RAID 10 only:
// near copies are one when it is not known.
Redundancy md_redundancy(MdLevel level, std::optional<int> layout,
                         const std::vector<MdSlot>& slots);

// Of an array: with the layout before and after a reshape that changes the number of its members,
// the worse of both.
Redundancy md_redundancy(const MdArray& array);

// RAID 10: for each different set of members that hold the copies of one chunk, those members'
// places. Empty when the layout is impossible. After the geometry in drivers/md/raid10.c
// (setup_geo, __raid10_find_phys) and md(4).
std::vector<std::vector<int>> raid10_copy_sets(int layout, int raid_disks);

}  // namespace lastgood
