#pragma once

#include <string_view>

#include "core/result.hpp"

namespace lastgood {

// Returns the share of the last 5 minutes in which some process waited for I/O, 0 to 1. `text` is
// /proc/pressure/io (Linux 6.1, Documentation/accounting/psi.rst). Error: malformed, if it has no
// avg300.
Result<double> parse_io_pressure(std::string_view text);

}  // namespace lastgood
