// Reports RAID volumes of LVM, and other devices with the device-mapper target "raid", as arrays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/host.hpp"
#include "core/result.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct LvmArray {
    std::string id;    // "dm-uuid-LVM-…", as in /dev/disk/by-id
    std::string name;  // "vg/lv"; of other devices the device-mapper name
    MdArray array;     // members are the mapped devices "vg-lv_rimage_N"
};

// Runs `dmsetup status` (10 s at most) if `topology` has a leg of such a volume; else returns an
// empty list. Errors: dmsetup is missing (absent), hangs (timed_out) or fails.
Result<std::vector<LvmArray>> read_lvm_arrays(const Host& host, const Topology& topology);

}  // namespace lastgood
