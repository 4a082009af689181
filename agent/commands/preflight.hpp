// `lastgood preflight DRIVE`: tells whether a drive is safe to pull.
#pragma once

#include <string>

namespace lastgood {

// Prints GO or NO-GO with reasons, from the report alone. `word` names the drive as in
// core/facts.hpp. Exit status 0: GO; 2: NO-GO; 3: cannot tell, no report, or `word` does not name
// exactly one drive.
int run_preflight(const std::string& report_path, const std::string& word);

}  // namespace lastgood
