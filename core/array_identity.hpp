// The ids of arrays: those who look at arrays and those who read the kernel log must name an array
// alike.
#pragma once

#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Words of lastgood_array_info's label "metadata" for the arrays that are not md's (those have md's
// format, "1.2"). Advice chooses its commands by them.
inline constexpr std::string_view metadata_dm_raid = "dm-raid";
inline constexpr std::string_view metadata_btrfs = "btrfs";

// The id of an md array with this UUID, "md-uuid-01234567:…": udev's name in /dev/disk/by-id.
std::string md_array_id(std::string_view uuid);

// The id of a btrfs filesystem of several devices, "btrfs-UUID".
std::string btrfs_array_id(std::string_view uuid);

// sysfs' "01234567-89ab-cdef-0123-456789abcdef" as mdadm and udev write it, in four words with
// colons. Metadata 0.90 keeps its UUID as numbers in the byte order of the machine (`swapped`).
// Empty for one that is not set or malformed.
std::string md_uuid_from_sysfs(std::string_view text, bool swapped);

// LVM's name for leg `number` of the RAID volume "vg-lv": "vg-lv_rimage_0"; and whether a mapped
// device's name is one.
std::string lvm_leg_name(std::string_view volume, int number);
bool is_lvm_leg(std::string_view dm_name);

// Whether there is a leg of such a volume ("_rimage_" in its name) among the mapped devices: before
// there is a topology, and at the price of a small read for each of them.
bool has_lvm_arrays(const Host& host);

// Whether a mapped device is such a volume and not, for instance, a plain one or a leg.
bool is_lvm_array(const Topology& topology, const BlockDevice& device);

// The id of such a volume; by its name where the device-mapper was given no UUID.
std::string lvm_array_id(const Host& host, std::string_view device, std::string_view dm_name);

}  // namespace lastgood
