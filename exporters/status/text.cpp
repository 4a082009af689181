#include "exporters/status/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

std::string spaces(size_t count) {
    return std::string(count, ' ');
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, size_t width, size_t indent) {
    std::vector<std::string> lines;
    std::string line;
    size_t used = 0, gap = 0;
    while (!text.empty()) {
        const size_t begin = text.find_first_not_of(' ');
        if (begin == std::string_view::npos) break;
        // The text's own gaps stay, so that "db8: FINE  4 drives" does.
        gap = used > 0 ? begin : 0;
        text.remove_prefix(begin);
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        const size_t columns = display_width(word);
        if (used > 0 && used + gap + columns > width) {
            lines.push_back(std::move(line));
            line = spaces(indent);
            used = indent;
            gap = 0;
        }
        line += spaces(gap);
        line += word;
        used += gap + columns;
    }
    if (used > 0 || lines.empty()) lines.push_back(std::move(line));
    return lines;
}

std::string coloured(std::string_view text, Colour colour, bool on) {
    const char* start = "";
    switch (colour) {
        case Colour::none:
            return std::string(text);
        case Colour::red:
            start = "\033[1;31m";
            break;
        case Colour::yellow:
            start = "\033[33m";
            break;
        case Colour::green:
            start = "\033[32m";
            break;
        case Colour::magenta:
            start = "\033[35m";
            break;
        case Colour::bold:
            start = "\033[1m";
            break;
    }
    return on && !text.empty() ? fmt::format("{}{}\033[0m", start, text) : std::string(text);
}

namespace {

using Rows = std::vector<std::vector<Cell>>;

constexpr size_t overflow_indent = 2;  // of a cell that is wider than what is left of its line

enum class Place { shown, below, nowhere };

struct Column {
    size_t width = 0;
    Place place = Place::shown;
};

size_t total_width(const std::vector<Column>& columns) {
    size_t total = 0;
    for (const Column& column : columns) {
        if (column.place == Place::shown && column.width > 0)
            total += column.width + (total > 0 ? 2 : 0);
    }
    return total;
}

std::vector<Column> fitted(const Rows& rows, const TableLayout& layout) {
    std::vector<Column> columns;
    for (const auto& row : rows) {
        columns.resize(std::max(columns.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i)
            columns[i].width = std::max(columns[i].width, display_width(row[i].text));
    }
    if (total_width(columns) > layout.width && layout.names < columns.size()) {
        const size_t limit = std::max<size_t>(layout.width * 2 / 5, 12);
        size_t longest = 0;
        for (const auto& row : rows) {
            const size_t width =
                layout.names < row.size() ? display_width(row[layout.names].text) : 0;
            if (width <= limit) longest = std::max(longest, width);
        }
        columns[layout.names].width = std::max<size_t>(longest, 1);
    }
    for (const FitStep& step : layout.steps) {
        if (total_width(columns) <= layout.width) break;
        if (step.column < columns.size())
            columns[step.column].place = step.fit == Fit::drop ? Place::nowhere : Place::below;
    }
    return columns;
}

// A row as lines. A cell that is wider than its column is followed by a new line.
void add_row(std::vector<std::string>& lines, const std::vector<Cell>& row,
             const std::vector<Column>& columns, const TableLayout& layout) {
    std::string line;
    size_t used = 0, start = 0;  // columns of the terminal: written, and where the next cell begins
    for (size_t i = 0; i < row.size(); ++i) {
        if (columns[i].place != Place::shown || columns[i].width == 0) continue;
        const size_t width = display_width(row[i].text);
        const size_t padding =
            row[i].right && columns[i].width > width ? columns[i].width - width : 0;
        if (width > 0) {
            size_t at = start + padding;
            const bool too_wide = at + width > layout.width;
            if (used > 0 && (used + 2 > at || too_wide)) {
                lines.push_back(std::move(line));
                line.clear();
                used = 0;
            }
            if (too_wide) at = std::min(at, overflow_indent);
            line += spaces(at - used) + coloured(row[i].text, row[i].colour, layout.colour);
            used = at + width;
        }
        start += columns[i].width + 2;
    }
    lines.push_back(std::move(line));
}

void add_below(std::vector<std::string>& lines, const std::vector<Cell>& row,
               const std::vector<Cell>& titles, const std::vector<Column>& columns,
               size_t table_width) {
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
        if (columns[i].place != Place::below || row[i].text.empty()) continue;
        const std::string& title = i < titles.size() ? titles[i].text : row[i].text;
        text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", title, title.empty() ? "" : " ",
                            row[i].text);
    }
    if (text.empty()) return;
    const size_t indent = columns.empty() ? 0 : columns[0].width + 2;
    const size_t width = table_width > indent + 20 ? table_width - indent : 20;
    for (const std::string& line : wrap(text, width)) lines.push_back(spaces(indent) + line);
}

}  // namespace

std::vector<std::string> format_table(const Rows& rows, const TableLayout& layout) {
    const std::vector<Column> columns = fitted(rows, layout);
    std::vector<std::string> lines;
    for (const auto& row : rows) {
        add_row(lines, row, columns, layout);
        if (&row != &rows.front()) add_below(lines, row, rows.front(), columns, layout.width);
    }
    return lines;
}

std::string top_of(std::string_view text, size_t width, size_t height) {
    std::vector<std::pair<size_t, size_t>> lines;  // end in the text, rows of the terminal
    size_t rows = 0;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
        std::string shown;
        for (std::string_view line = text.substr(begin, end - begin); !line.empty();) {
            const size_t escape = std::min(line.find('\033'), line.size());
            shown += line.substr(0, escape);
            line.remove_prefix(escape);
            if (line.empty()) break;
            line.remove_prefix(std::min(line.find('m'), line.size() - 1) + 1);
        }
        if (shown.ends_with('\n')) shown.pop_back();
        const size_t columns = display_width(shown);
        const size_t needed = columns <= width ? 1 : (columns + width - 1) / width;
        lines.emplace_back(end, needed);
        rows += needed;
        begin = end;
    }
    if (rows < height || height < 2) return std::string(text);  // the cursor needs a row
    size_t used = 2, shown = 0;                                 // the last line, and the cursor's
    while (shown < lines.size() && used + lines[shown].second <= height)
        used += lines[shown++].second;
    const size_t left = lines.size() - shown;
    return fmt::format("{}... {} more {}: lastgood status\n",
                       text.substr(0, shown == 0 ? 0 : lines[shown - 1].first), left,
                       left == 1 ? "line" : "lines");
}

}  // namespace lastgood
