// Parses smartctl's text output, 5.x to 7.5 (smartmontools' ataprint.cpp, scsiprint.cpp,
// nvmeprint.cpp), as people paste it: several drives in one text, quoted and wrapped by mail
// programs, with any locale's separators, not always UTF-8. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/smart/parse/smartctl_json.hpp"

namespace lastgood {

// One answer for each drive (at most 1000), in the order of the text; empty if the text has nothing
// of smartctl's.
std::vector<SmartctlAnswer> parse_smartctl_text(std::string_view text);

// Looks at the first 16 KiB.
bool looks_like_smartctl_text(std::string_view text);

}  // namespace lastgood
