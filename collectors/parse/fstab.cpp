#include "collectors/parse/fstab.hpp"

#include <algorithm>

namespace lastgood {

namespace {

std::string_view next_field(std::string_view& line) {
    const size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return line = {};
    const size_t end = std::min(line.find_first_of(" \t\r", start), line.size());
    const std::string_view field = line.substr(start, end - start);
    line.remove_prefix(end);
    return field;
}

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

std::string decode(std::string_view field) {
    std::string text;
    for (size_t i = 0; i < field.size(); ++i) {
        if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) &&
            is_octal(field[i + 2]) && is_octal(field[i + 3])) {
            text += static_cast<char>(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) |
                                      (field[i + 3] - '0'));
            i += 3;
        } else {
            text += field[i];
        }
    }
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

}  // namespace

std::vector<std::string> parse_fstab_mount_points(std::string_view text) {
    std::vector<std::string> points;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto source = next_field(line);
        const auto point = next_field(line);
        if (source.empty() || source[0] == '#' || !point.starts_with('/')) continue;
        points.push_back(decode(point));
    }
    return points;
}

}  // namespace lastgood
