// Finds out what the terminal on standard output can show, and writes to it.
#pragma once

#include <string_view>

#include "exporters/status/view.hpp"

namespace lastgood {

// The size of the terminal, with 40 to 300 columns; without a terminal $COLUMNS or 80 columns, and
// 24 lines. Colour only on a terminal, and not if NO_COLOR is set (no-color.org) or TERM=dumb.
ViewOptions view_of_standard_output();

// Writes and flushes the whole text; blocks while a pipe is full. False if not all of it was
// written, for example to a full disk.
[[nodiscard]] bool write_to_standard_output(std::string_view text);

}  // namespace lastgood
