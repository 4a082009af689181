// Parses raw values of ATA SMART attributes as smartctl prints them; what they mean is in
// ata_attributes.hpp. Source: smartmontools' ata_format_attr_raw_value() (atacmds.cpp). Pure.
#pragma once

#include <string_view>
#include <vector>

namespace lastgood {

struct RawText {
    enum class Form {
        unreadable,   // no known form
        plain,        // "53045"
        annotated,    // "53045 (0 5)", "27 (Min/Max 17/55)", "180 (Average 187)": value, details
        duration,     // "47060h+35m+00.858s"
        words,        // "1203 1222 1222": 16-bit words, or six 8-bit ones; the highest first
        fraction,     // "0/221184652": errors per operations
        hexadecimal,  // "0x00000000000c"
    };
    Form form = Form::unreadable;
    // plain, hexadecimal, annotated: the value; fraction: both numbers; duration: seconds; words:
    // all of them.
    std::vector<double> numbers;
};
RawText parse_raw_text(std::string_view text);

}  // namespace lastgood
