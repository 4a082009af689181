// What the terminal on standard output can do.
#pragma once

#include "exporters/status/view.hpp"

namespace lastgood {

// Its size and whether to colour: only on a terminal, never with NO_COLOR set (no-color.org) or
// TERM=dumb. Off a terminal 80 columns (or COLUMNS) and 24 lines.
ViewOptions view_of_standard_output();

}  // namespace lastgood
