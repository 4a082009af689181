// Undoes what other programs did to a pasted text: UTF-16, HTML, no-break spaces. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

// UTF-16 with a byte order mark (Windows' PowerShell writes it) becomes UTF-8. The commonest marks
// of HTML become what they stand for: <br> and the ends of rows and paragraphs break the line,
// cells are parted by blanks, other known tags vanish, &nbsp; and the like become characters. A
// no-break space becomes a blank, a terminal's colours vanish, and carriage returns end the lines
// of a text without newlines. Everything else stays as it is, also "<TASK>" and "<6>" of a
// kernel log. nullopt: there was nothing to undo, which costs one pass and no copy.
std::optional<std::string> plain_text(std::string_view text);

}  // namespace lastgood
