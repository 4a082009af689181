// What to write where a file is no TOML. Pure.
#pragma once

#include <string>
#include <string_view>

namespace lastgood {

// `line` is where the parser stopped, `description` what it says (toml++ 3.3). Returns what is
// wrong and what to write in plain words, or the parser's if the mistake is no common one. `before`
// is the line before it.
std::string explain_syntax_error(std::string_view line, std::string_view description,
                                 std::string_view before = {});

// Line `number` of a text, from 1; "" if it has fewer.
std::string_view line_of(std::string_view text, size_t number);

}  // namespace lastgood
