// RAID volumes of LVM (and whatever else uses the device-mapper's RAID target), seen as arrays.
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
    std::string name;  // "vg-lv"
    MdArray array;     // members are the mapped devices "vg-lv_rimage_N"
};

// Asks `dmsetup status` where `topology` shows a leg; elsewhere it runs nothing and finds nothing.
// Error: there are such devices and dmsetup does not tell of them.
Result<std::vector<LvmArray>> read_lvm_arrays(const Host& host, const Topology& topology);

}  // namespace lastgood
