// Sections and "key = value" lines, as borg's and pgBackRest's files have them.
#pragma once

#include <string_view>
#include <vector>

namespace lastgood {

struct IniLine {
    std::string_view section;
    std::string_view key;
    std::string_view value;  // without surrounding blanks; may be JSON
};

// Views into `text`. Comments (# or ; at the beginning), blank lines and lines without '=' are left
// out; a key ends at the first '='. At most 100,000 lines.
std::vector<IniLine> parse_ini(std::string_view text);

}  // namespace lastgood
