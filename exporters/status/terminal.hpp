// Finds out what the terminal on standard output can show.
#pragma once

#include "exporters/status/view.hpp"

namespace lastgood {

// The size of the terminal, with 40 to 300 columns; without a terminal $COLUMNS or 80 columns, and
// 24 lines. Colour only on a terminal, and not if NO_COLOR is set (no-color.org) or TERM=dumb.
ViewOptions view_of_standard_output();

}  // namespace lastgood
