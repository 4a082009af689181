// Facts about mounted filesystems. Pure.
#pragma once

#include <string_view>

namespace lastgood {

// Sum of the counters in a btrfs device's error_stats ("write_errs 3\nread_errs 0\n…"); skips
// malformed lines.
double parse_btrfs_errors(std::string_view text);

}  // namespace lastgood
