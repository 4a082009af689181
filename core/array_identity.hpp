// Ids of arrays, in one place: the array collectors and the kernel log must give an array the same
// id. Unless a function takes a Host, it is pure.
#pragma once

#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Values of the label "metadata" of lastgood_array_info for arrays that are not md's; for md it is
// the metadata version ("1.2"). Advice chooses its commands by this label.
inline constexpr std::string_view metadata_dm_raid = "dm-raid";
inline constexpr std::string_view metadata_btrfs = "btrfs";
inline constexpr std::string_view metadata_zfs = "zfs";
inline constexpr std::string_view metadata_unraid = "unraid";

// The id of the md array with this UUID, "md-uuid-01234567:…": udev's name in /dev/disk/by-id.
std::string md_array_id(std::string_view uuid);

// The id of the md array with this device name ("md0"). "" if sysfs has no UUID for it: there is no
// such array, or it is stopped.
std::string md_array_id(const Host& host, std::string_view device);

// The id of a btrfs filesystem on several devices, "btrfs-UUID".
std::string btrfs_array_id(std::string_view uuid);

// Converts the UUID of sysfs ("01234567-89ab-cdef-0123-456789abcdef") to the form of mdadm and
// udev: four words with colons. `swapped`: metadata 0.90, which keeps the UUID as numbers in the
// machine's byte order. Returns "" if the UUID is malformed or not set (all zeros).
std::string md_uuid_from_sysfs(std::string_view text, bool swapped);

// The name of a logical volume as LVM's commands take it, "vg/lv", for its device-mapper name
// "vg-lv", which doubles the hyphens within "vg" and "lv". Names of another form stay as they are.
std::string lvm_volume_name(std::string_view dm_name);

// LVM's device-mapper name of leg `number` of the RAID volume "vg-lv": "vg-lv_rimage_0".
std::string lvm_leg_name(std::string_view volume, int number);
// True if the device-mapper name is that of a leg.
bool is_lvm_leg(std::string_view dm_name);

// True if some mapped device is a leg. Needs no topology; reads /sys/block and one small sysfs file
// per mapped device.
bool has_lvm_arrays(const Host& host);

// True if the mapped device is a RAID volume of LVM; false for a plain volume or a leg.
bool is_lvm_array(const Topology& topology, const BlockDevice& device);

// The id of a RAID volume: "dm-uuid-LVM-…", or "dm-name-NAME" if the device-mapper has no UUID for
// it. Reads sysfs only.
std::string lvm_array_id(const Host& host, std::string_view device, std::string_view dm_name);

// The id of the array that a block device is: of md (its device name, if it has no UUID) or of LVM.
// "" if it is not an array. Reads sysfs only.
std::string array_id(const Host& host, const Topology& topology, const BlockDevice& device);

}  // namespace lastgood
