// Parses /etc/fstab, fstab(5). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

struct FstabEntry {
    std::string source;
    std::string point;  // "none" or "swap": not mounted
    std::string type;
    std::vector<std::string> options;

    // True if the last of the options "ro" and "rw" is "ro".
    bool read_only() const;
};

// Skips comments and lines with fewer than two fields; decodes \040 and other octal escapes.
std::vector<FstabEntry> parse_fstab(std::string_view text);

// The last entry for a mount point; nullptr if there is none. Ignores a trailing '/'.
const FstabEntry* find_fstab_entry(const std::vector<FstabEntry>& entries, std::string_view point);

// The absolute mount points in the order of the file; no swap, "none" or relative paths.
std::vector<std::string> parse_fstab_mount_points(std::string_view text);

}  // namespace lastgood
