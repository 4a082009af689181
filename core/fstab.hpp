// Parses /etc/fstab, fstab(5). Pure, but read_fstab().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct FstabEntry {
    std::string source;
    std::string point;  // "none" or "swap": not mounted
    std::string type;
    std::vector<std::string> options;

    // True if the last of the options "ro" and "rw" is "ro".
    bool read_only() const;
    // Not mounted at boot: "noauto".
    bool by_hand() const;
};

// Skips comments and lines with fewer than two fields; decodes \040 and other octal escapes.
std::vector<FstabEntry> parse_fstab(std::string_view text);

// Reads /etc/fstab. A mount point that is named by a symbolic link is where that leads, as
// mount(8) takes it, unless it lies on a mount that may hang. Not pure: find_place().
std::vector<FstabEntry> read_fstab(const Host& host, const Topology& topology);

// The last entry for a mount point; nullptr if there is none. Ignores a trailing '/'.
const FstabEntry* find_fstab_entry(const std::vector<FstabEntry>& entries, std::string_view point);

// The entry whose mount point, at or above a place as find_place() returns it, has no mount: what
// lies there is not what is meant. nullptr: all are mounted, or no mount is known. Pure.
const FstabEntry* find_unmounted(const std::vector<FstabEntry>& entries, const Topology& topology,
                                 std::string_view place);
// The same, without what is mounted by hand only: that it is not mounted is no fault.
const FstabEntry* find_unmounted_at_boot(const std::vector<FstabEntry>& entries,
                                         const Topology& topology, std::string_view place);

}  // namespace lastgood
