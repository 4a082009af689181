// UTF-8 text from devices and programs: decodes, measures and makes it safe to print. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lastgood {

struct CodePoint {
    uint32_t value = 0;
    size_t length = 0;  // bytes; 0: invalid
};

// Decodes the first character of a non-empty text by RFC 3629: shortest form, no surrogates,
// nothing above U+10FFFF.
CodePoint decode_utf8(std::string_view text);

// Whether all of the text is valid UTF-8: only such text stands in JSON and in the configuration.
bool is_utf8(std::string_view text);

// Terminal columns of one character: 2 for wide East Asian ones, 0 for combining marks.
size_t display_columns(uint32_t code_point);

// Terminal columns of valid UTF-8.
size_t display_width(std::string_view text);

// Whether a character controls a terminal, hides text or changes how its neighbours look.
bool is_harmful(uint32_t code_point);

// The beginning of a text, whole characters of at most `limit` bytes with the "…" at its end; all
// of a text that fits. `limit` is at least 3.
std::string shortened(std::string_view text, size_t limit);

// Makes text from devices and other programs safe to print: control characters, invalid UTF-8 and
// marks that reorder or hide text become '?'; newlines and tabs become spaces.
std::string harmless(std::string_view text);

// One word for a shell (sh(1)), harmless: in quotation marks if it needs them.
std::string in_shell(std::string_view word);

}  // namespace lastgood
