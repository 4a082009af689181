#pragma once

#include <string_view>

#include "core/result.hpp"

namespace lastgood {

// The share of the last 5 minutes in which some process waited for I/O, 0 to 1, out of
// /proc/pressure/io (Documentation/accounting/psi.rst of Linux 6.1). Malformed: it is not there.
Result<double> parse_io_pressure(std::string_view text);

}  // namespace lastgood
