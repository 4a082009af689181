// Parses what `mdadm --detail` and `mdadm --examine` print; mdadm 2.6 to 4.3. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

// One array for each "/dev/md0:" of --detail, with its table of members.
std::vector<MdArray> parse_mdadm_detail(std::string_view text);

// The superblocks of --examine, joined by their array: what the newest one (by its count of events)
// says. A member whose superblock is older is faulty. The device is the array's name, "0" of
// "host:0", or its UUID.
std::vector<MdArray> parse_mdadm_examine(std::string_view text);

}  // namespace lastgood
