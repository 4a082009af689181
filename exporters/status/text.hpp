// Text for terminals: cutting, wrapping, tables, short ages. Pure. Widths are in terminal columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "core/utf8.hpp"

namespace lastgood {

// Cuts text to at most `width` columns; cut text ends with "..".
std::string shorten(std::string_view text, size_t width);

// Breaks text at spaces into lines of at most `width` columns. A longer word gets a line of its
// own, which is then wider. Returns at least one line.
std::vector<std::string> wrap(std::string_view text, size_t width);

// An age in a single unit, for tables: "4s", "2min", "5h", "12d", "3.2y". Negative: "in 5h". Not
// finite: "?".
std::string short_age(Seconds age);

enum class Colour { none, red, yellow, green, magenta, bold };

// Encloses the text in escape sequences if `on` is true.
std::string coloured(std::string_view text, Colour colour, bool on);

struct Cell {
    std::string text;  // has passed harmless()
    Colour colour = Colour::none;
    bool right = false;  // align to the right
};

// Formats rows as lines with aligned columns, two spaces apart. If the lines are wider than
// `width`, the columns listed in `flexible` are cut in that order, each to no less than 6 columns
// of the terminal. A column whose cells are all empty is left out.
std::vector<std::string> format_table(const std::vector<std::vector<Cell>>& rows, size_t width,
                                      const std::vector<size_t>& flexible, bool colour);

}  // namespace lastgood
