// Folding and printing of the status screen's tables.
#include <algorithm>

#include "exporters/status/tables.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

size_t Table::plain_rows() const {
    return static_cast<size_t>(std::ranges::count_if(rows, &Row::plain));
}

size_t Table::foldable() const {
    const size_t plain = plain_rows();
    if (fold || plain < 2) {
        return 0;
    }
    return plain == rows.size() ? plain : plain - 1;
}

size_t Table::lines() const {
    if (rows.empty()) {
        return 0;
    }
    const size_t plain = plain_rows();
    if (fold && plain == rows.size()) {
        return 1;
    }
    return 1 + rows.size() - (fold && plain > 1 ? plain - 1 : 0);
}

std::vector<std::string> Table::format(size_t width, bool colour) const {
    if (rows.empty()) {
        return {};
    }
    if (fold && plain_rows() == rows.size()) {
        const size_t indent = display_width(header[0].text) + 2;
        std::string start = coloured(header[0].text, header[0].colour, colour) + "  ";
        std::vector<std::string> lines;
        for (const std::string& line : wrap(folded, width > indent + 20 ? width - indent : 20)) {
            lines.push_back(start + line);
            start.assign(indent, ' ');
        }
        return lines;
    }
    std::vector<std::vector<Cell>> cells{header};
    for (const Row& row : rows) {
        if (!fold || !row.plain) {
            cells.push_back(row.cells);
        }
    }
    // Clear the header of an empty column, so that format_table leaves the column out.
    for (size_t column = 1; column < header.size(); ++column) {
        const bool empty = std::all_of(cells.begin() + 1, cells.end(),
                                       [&](const auto& row) { return row[column].text.empty(); });
        if (empty) {
            cells[0][column].text.clear();
        }
    }
    auto lines = format_table(cells, {.width = width, .steps = steps, .colour = colour});
    if (fold) {
        for (std::string& line : wrap(folded, width)) lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace lastgood
