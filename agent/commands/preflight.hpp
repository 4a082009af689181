// `lastgood preflight DRIVE`.
#pragma once

#include <string>

namespace lastgood {

// `lastgood preflight DRIVE`: prints GO or NO-GO with reasons. Exit status 0 GO, 2 NO-GO, 3 it
// cannot be told.
int run_preflight(const std::string& report_path, const std::string& word);

}  // namespace lastgood
