// Text for terminals: wrapping and tables. Pure. Widths are in terminal columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "core/utf8.hpp"

namespace lastgood {

// Breaks text at spaces into lines of at most `width` columns. A longer word gets a line of its
// own, which is then wider. Returns at least one line. Each line but the first begins with `indent`
// spaces, which count.
std::vector<std::string> wrap(std::string_view text, size_t width, size_t indent = 0);

enum class Colour { none, red, yellow, green, magenta, bold };

// Encloses the text in escape sequences if `on` is true.
std::string coloured(std::string_view text, Colour colour, bool on);

struct Cell {
    std::string text;  // has passed harmless()
    Colour colour = Colour::none;
    bool right = false;  // align to the right
};

// How a table becomes narrower. Text of a `below` column moves to lines of its own under the row,
// behind the column's title; a `drop` column is left out.
enum class Fit { drop, below };
struct FitStep {
    size_t column;
    Fit fit;
};

struct TableLayout {
    size_t width = 80;
    // Taken in this order until the lines fit. Columns that no step names always stay.
    std::vector<FitStep> steps = {};
    // Column of names. A name that is much longer than others gets a line of its own.
    size_t names = 1;
    bool colour = false;
};

// Formats rows as lines with aligned columns, two spaces apart; the first row has the titles. No
// text is ever cut: a line is wider than the layout only if one of its words is. A column whose
// cells are all empty is left out.
std::vector<std::string> format_table(const std::vector<std::vector<Cell>>& rows,
                                      const TableLayout& layout);

// Of the text's lines, the first ones that fit on a terminal of this size, which breaks longer
// lines, and a last line that counts the rest. Escape sequences take no columns.
std::string top_of(std::string_view text, size_t width, size_t height);

}  // namespace lastgood
