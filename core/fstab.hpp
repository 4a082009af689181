// /etc/fstab, as in fstab(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

struct FstabEntry {
    std::string source;
    std::string point;  // "none" or "swap" for what is not mounted
    std::string type;
    std::vector<std::string> options;

    // Whether the last of "ro" and "rw" is "ro".
    bool read_only() const;
};

// Comments, and lines with fewer than two fields, are left out. \040 and the like are undone.
std::vector<FstabEntry> parse_fstab(std::string_view text);

// The last entry for a mount point; nullptr if none. A trailing '/' does not matter.
const FstabEntry* find_fstab_entry(const std::vector<FstabEntry>& entries, std::string_view point);

// The mount points that fstab names, in its order; swap, "none" and relative ones left out.
std::vector<std::string> parse_fstab_mount_points(std::string_view text);

}  // namespace lastgood
