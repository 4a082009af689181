#include "collectors/backups/parse/ini.hpp"

#include "core/text.hpp"

namespace lastgood {

std::vector<IniLine> parse_ini(std::string_view text) {
    constexpr size_t most_lines = 100'000;
    std::vector<IniLine> lines;
    std::string_view section;
    while (!text.empty() && lines.size() < most_lines) {
        const std::string_view line = trim(take_line(text));
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        if (line[0] == '[' && line.back() == ']') {
            section = line.substr(1, line.size() - 2);
            continue;
        }
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        lines.push_back({section, trim(line.substr(0, equals)), trim(line.substr(equals + 1))});
    }
    return lines;
}

}  // namespace lastgood
