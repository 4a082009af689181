// RAID volumes of LVM (and whatever else uses the device-mapper's RAID target), seen as arrays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/parse/md_array.hpp"
#include "core/host.hpp"
#include "core/result.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct LvmArray {
    std::string id;    // "dm-uuid-LVM-…", as in /dev/disk/by-id
    std::string name;  // "vg-lv"
    MdArray array;     // members are the mapped devices "vg-lv_rimage_N"
};

// Whether there is a leg of such a volume ("_rimage_" in its name) among the mapped devices: before
// there is a topology, and at the price of a small read for each of them.
bool has_lvm_arrays(const Host& host);

// Whether a mapped device is such a volume and not, for instance, a plain one or a leg.
bool is_lvm_array(const Topology& topology, const BlockDevice& device);

// The id of such a volume; by its name where the device-mapper was given no UUID.
std::string lvm_array_id(const Host& host, std::string_view device, std::string_view dm_name);

// Asks `dmsetup status` where `topology` shows a leg; elsewhere it runs nothing and finds nothing.
// Error: there are such devices and dmsetup does not tell of them.
Result<std::vector<LvmArray>> read_lvm_arrays(const Host& host, const Topology& topology);

}  // namespace lastgood
