// smartctl's text output, 5.x to 7.5, as people paste it: several drives in one text, quoted and
// wrapped by mail programs, with the separators of any locale, not always UTF-8 (smartmontools'
// ataprint.cpp, scsiprint.cpp, nvmeprint.cpp).
#pragma once

#include <string_view>
#include <vector>

#include "collectors/smart/parse/smartctl_json.hpp"

namespace lastgood {

// One answer for each drive, in the text's order; empty when nothing of smartctl's is there.
std::vector<SmartctlAnswer> parse_smartctl_text(std::string_view text);

bool looks_like_smartctl_text(std::string_view text);

}  // namespace lastgood
