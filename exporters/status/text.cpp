#include "exporters/status/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

constexpr size_t narrowest = 6;

std::string spaces(size_t count) {
    return std::string(count, ' ');
}

}  // namespace

std::string shorten(std::string_view text, size_t width) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    const size_t room = width >= 2 ? width - 2 : width;
    std::string result;
    size_t used = 0;
    while (!text.empty()) {
        const CodePoint point = decode_utf8(text);
        const size_t length = std::max<size_t>(point.length, 1);
        const size_t more = point.length == 0 ? 1 : display_columns(point.value);
        if (used + more > room) {
            break;
        }
        used += more;
        result += text.substr(0, length);
        text.remove_prefix(length);
    }
    if (width >= 2) {
        result += "..";
    }
    return result;
}

std::vector<std::string> wrap(std::string_view text, size_t width) {
    std::vector<std::string> lines;
    std::string line;
    size_t line_width = 0;
    while (!text.empty()) {
        const size_t begin = text.find_first_not_of(' ');
        if (begin == std::string_view::npos) {
            break;
        }
        text.remove_prefix(begin);
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        const size_t word_width = display_width(word);
        if (!line.empty() && line_width + 1 + word_width > width) {
            lines.push_back(std::move(line));
            line.clear();
            line_width = 0;
        }
        if (!line.empty()) {
            line += ' ';
            ++line_width;
        }
        line += word;
        line_width += word_width;
    }
    if (!line.empty() || lines.empty()) {
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string short_age(Seconds age) {
    if (!std::isfinite(age)) {
        return "?";
    }
    if (age <= -1) {
        return "in " + short_age(-age);
    }
    const double seconds = std::max(age, 0.0);
    constexpr double minute = 60, hour = 3600, day = 86400, year = 365.25 * day;
    if (seconds < 2 * minute) {
        return fmt::format("{:.0f}s", std::floor(seconds));
    }
    if (seconds < 2 * hour) {
        return fmt::format("{:.0f}min", std::floor(seconds / minute));
    }
    if (seconds < 2 * day) {
        return fmt::format("{:.0f}h", std::floor(seconds / hour));
    }
    if (seconds < 1000 * day) {
        return fmt::format("{:.0f}d", std::floor(seconds / day));
    }
    return fmt::format("{:.1f}y", seconds / year);
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

std::vector<std::string> format_table(const std::vector<std::vector<Cell>>& rows, size_t width,
                                      const std::vector<size_t>& flexible, bool colour) {
    std::vector<size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i].text));
        }
    }
    size_t total = 0;
    for (const size_t column : widths) {
        total += column == 0 ? 0 : column + (total > 0 ? 2 : 0);
    }
    for (const size_t column : flexible) {
        if (total > width && column < widths.size() && widths[column] > narrowest) {
            const size_t cut = std::min(total - width, widths[column] - narrowest);
            widths[column] -= cut;
            total -= cut;
        }
    }
    for (const size_t column : flexible) {
        if (total > width && column < widths.size() && widths[column] > 0) {
            total -= widths[column] + 2;
            widths[column] = 0;
        }
    }
    std::vector<std::string> lines;
    for (const auto& row : rows) {
        std::string line;
        bool first = true;
        size_t pending = 0;  // spaces that are only written when something follows
        for (size_t i = 0; i < row.size(); ++i) {
            if (widths[i] == 0) {
                continue;
            }
            const std::string text = shorten(row[i].text, widths[i]);
            const size_t padding = widths[i] - display_width(text);
            pending += (first ? 0 : 2) + (row[i].right ? padding : 0);
            first = false;
            if (!text.empty()) {
                line += spaces(pending) + coloured(text, row[i].colour, colour);
                pending = 0;
            }
            pending += row[i].right ? 0 : padding;
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace lastgood
