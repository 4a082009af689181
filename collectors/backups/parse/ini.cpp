#include "collectors/backups/parse/ini.hpp"

#include <algorithm>

namespace lastgood {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::vector<IniLine> parse_ini(std::string_view text) {
    constexpr size_t most_lines = 100'000;
    std::vector<IniLine> lines;
    std::string_view section;
    while (!text.empty() && lines.size() < most_lines) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        if (line[0] == '[' && line.back() == ']') {
            section = line.substr(1, line.size() - 2);
            continue;
        }
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        lines.push_back(
            {section, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1))});
    }
    return lines;
}

}  // namespace lastgood
