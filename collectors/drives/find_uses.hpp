// Finds what stands on each drive: everything that would notice if it were pulled. Pure, but for
// read_uses().
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/topology.hpp"

namespace lastgood {

enum class Use {
    filesystem,  // a mounted filesystem
    swap,
    volume,   // a mapped device, an array or the like that nothing known stands on: a virtual
              // machine, a database or another program may use it
    content,  // a signature, and nobody here has it mounted or assembled
    volumes,  // a physical volume of LVM in use: volumes that are not active may lie on it, too
    boot,     // a partition of a boot loader, not mounted
    none,     // no signature, no holder, no mount, no swap
    unknown,  // udev knows nothing of the device
};

std::string_view to_string(Use use);

// What stands on one device of a drive. A drive has at least one, and one for each path upwards.
struct DriveUse {
    std::string drive;   // its id
    std::string device;  // the drive's own device or its partition: "sda2"
    Use use = Use::unknown;
    std::string name;   // mount point, "/dev/dm-1", "vg0/vm-101", type of the content; else ""
    std::string array;  // id of the lowest array between them; "": no array stands between

    auto operator<=>(const DriveUse&) const = default;
};

// What besides the topology is needed.
struct UseSources {
    std::string filesystems;                   // the text of /proc/filesystems
    std::set<std::string, std::less<>> swaps;  // names of block devices
    // Signatures after udev ("ext4", "zfs_member", "" for none); no entry: udev does not know.
    std::map<std::string, std::string, std::less<>> contents;
    std::map<std::string, std::string, std::less<>> arrays;  // array devices → ids
};

// Names of block devices in the text of /proc/swaps (Linux mm/swapfile.c, swap_show()); files are
// left out, because their filesystem is mounted.
std::set<std::string, std::less<>> parse_swaps(std::string_view text, const Topology& topology);

// Sorted; without duplicates.
std::vector<DriveUse> find_uses(const Topology& topology, const UseSources& sources);

// Reads the sources of this host: /proc/swaps, udev's database and sysfs. Accesses no device.
// Errors: of /proc/swaps, if there is one and it cannot be read.
Result<UseSources> read_use_sources(const Host& host, const Topology& topology);

}  // namespace lastgood
