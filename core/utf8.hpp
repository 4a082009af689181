// UTF-8 from devices and other programs: decoding, measuring, making it safe to print.
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

// The first sequence of a text that is not empty, as RFC 3629 has it: shortest form, no surrogates,
// nothing above U+10FFFF.
CodePoint decode_utf8(std::string_view text);

// Columns of one character in a terminal: wide East Asian ones two, combining marks none.
size_t display_columns(uint32_t code_point);

// Columns a terminal needs for valid UTF-8.
size_t display_width(std::string_view text);

// Model names, serials and log lines come from devices and from other programs. Control characters,
// invalid UTF-8 and marks that reorder or hide text become '?'; newlines and tabs become spaces.
std::string harmless(std::string_view text);

}  // namespace lastgood
