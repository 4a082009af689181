// fstab(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// The mount points that fstab names, in its order, "\040" and its like decoded; swap, "none" and
// relative ones left out.
std::vector<std::string> parse_fstab_mount_points(std::string_view text);

}  // namespace lastgood
