// `lastgood preflight DRIVE`: tells whether a drive is safe to pull.
#pragma once

#include <string>
#include <string_view>

#include "core/preflight.hpp"

namespace lastgood {

// Opens the device exclusively for a moment; needs root. May block while a drive hangs.
Held held_by_another(std::string_view device);

// Prints GO, NO-GO or CANNOT TELL with reasons, from the report and what `held` finds out. `word`
// names the drive as in core/facts.hpp. Exit status 0: GO; 2: NO-GO; 3: cannot tell, no report, or
// `word` does not name exactly one drive.
int run_preflight(const std::string& report_path, const std::string& word,
                  const HeldBy& held = held_by_another);

}  // namespace lastgood
