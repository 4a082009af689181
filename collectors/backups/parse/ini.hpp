// Parses files of sections and "key = value" lines, as of borg and pgBackRest. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace lastgood {

struct IniLine {
    std::string_view section;
    std::string_view key;
    std::string_view value;  // without surrounding blanks; may be JSON
};

// Returns views into `text`. Skips comments (a line that begins with # or ;), blank lines and lines
// without '='; a key ends at the first '='. Reads at most 100,000 lines.
std::vector<IniLine> parse_ini(std::string_view text);

}  // namespace lastgood
