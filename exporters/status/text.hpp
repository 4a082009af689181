// Text for terminals: cutting, wrapping, tables, short ages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "core/utf8.hpp"

namespace lastgood {

// At most `width` columns; what is cut is shown by "..".
std::string truncate(std::string_view text, size_t width);

// Lines of at most `width` columns, broken at spaces (a longer word stands on a line of its own and
// may stick out). Never empty.
std::vector<std::string> wrap(std::string_view text, size_t width);

// One unit, for tables: "4s", "2min", "5h", "12d", "3.2y". Negative: "in 5h". Not finite: "?".
std::string short_age(Seconds age);

enum class Colour { none, red, yellow, green, magenta, bold };

// The text, with escape sequences around it when `on`.
std::string coloured(std::string_view text, Colour colour, bool on);

struct Cell {
    std::string text;  // harmless already
    Colour colour = Colour::none;
    bool right = false;  // aligned
};

// Lines with aligned columns, two spaces apart. When they are wider than `width`, the columns
// listed in `flexible` are cut, the first one first, but to no less than 6 characters. Columns in
// which every cell is empty are left out.
std::vector<std::string> format_table(const std::vector<std::vector<Cell>>& rows, size_t width,
                                      const std::vector<size_t>& flexible, bool colour);

}  // namespace lastgood
