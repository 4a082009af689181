#include "core/utf8.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

bool between(uint32_t value, uint32_t low, uint32_t high) {
    return value >= low && value <= high;
}

}  // namespace

// C0, DEL, C1, zero width and direction marks, line separators, the byte order mark, letters that
// show nothing, tags and noncharacters.
bool is_harmful(uint32_t c) {
    return c < 0x20 || between(c, 0x7f, 0x9f) || c == 0xad || c == 0x34f || c == 0x61c ||
           between(c, 0x115f, 0x1160) || between(c, 0x17b4, 0x17b5) || between(c, 0x180b, 0x180f) ||
           between(c, 0x200b, 0x200f) || between(c, 0x2028, 0x202e) || between(c, 0x2060, 0x206f) ||
           c == 0x2800 || c == 0x3164 || c == 0xfeff || c == 0xffa0 || between(c, 0xfff0, 0xfffb) ||
           between(c, 0x1bca0, 0x1bca3) || between(c, 0x1d173, 0x1d17a) ||
           between(c, 0xe0000, 0xe0fff) || (c & 0xfffe) == 0xfffe;
}

CodePoint decode_utf8(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return {first, 1};
    }
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) {
        return {};
    }
    uint32_t value = first & (0x7fU >> length);
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) {
            return {};
        }
        value = value << 6 | (byte(i) & 0x3fU);
    }
    const uint32_t smallest = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
    if (value < smallest || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return {};
    }
    return {value, length};
}

size_t display_columns(uint32_t c) {
    if (between(c, 0x300, 0x36f) || between(c, 0x1ab0, 0x1aff) || between(c, 0x1dc0, 0x1dff) ||
        between(c, 0x20d0, 0x20ff) || between(c, 0xfe00, 0xfe0f) || between(c, 0xfe20, 0xfe2f)) {
        return 0;
    }
    const bool wide = between(c, 0x1100, 0x115f) || between(c, 0x2e80, 0x303e) ||
                      between(c, 0x3041, 0xa4cf) || between(c, 0xac00, 0xd7a3) ||
                      between(c, 0xf900, 0xfaff) || between(c, 0xfe30, 0xfe6f) ||
                      between(c, 0xff00, 0xff60) || between(c, 0xffe0, 0xffe6) ||
                      between(c, 0x1f300, 0x1faff) || between(c, 0x20000, 0x3fffd);
    return wide ? 2 : 1;
}

std::string shortened(std::string_view text, size_t limit) {
    constexpr std::string_view mark = "\u2026";
    if (text.size() <= limit) return std::string(text);
    size_t length = limit - std::min(limit, mark.size());
    // Not in the middle of a character: its later bytes are 10xxxxxx.
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
    return std::string(text.substr(0, length)) + std::string(mark);
}

std::string harmless(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = decode_utf8(text);
        const size_t length = std::max<size_t>(point.length, 1);
        const bool valid = point.length != 0;
        if (valid && (point.value == '\n' || point.value == '\t' || point.value == '\r')) {
            result += ' ';
        } else if (!valid || is_harmful(point.value)) {
            result += '?';
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return result;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = decode_utf8(text).length;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

size_t display_width(std::string_view text) {
    size_t width = 0;
    while (!text.empty()) {
        const CodePoint point = decode_utf8(text);
        width += point.length == 0 ? 1 : display_columns(point.value);
        text.remove_prefix(std::max<size_t>(point.length, 1));
    }
    return width;
}

std::string in_shell(std::string_view word) {
    std::string quoted = harmless(word);
    const bool plain = !quoted.empty() && std::ranges::all_of(quoted, [](char c) {
        return is_letter(c) || is_digit(c) || contains("/._-+@:,", c);
    });
    if (plain) return quoted;
    constexpr std::string_view quoted_mark = "'\\''";
    for (size_t at = 0; (at = quoted.find('\'', at)) != quoted.npos; at += quoted_mark.size())
        quoted.replace(at, 1, quoted_mark);
    return "'" + quoted + "'";
}

}  // namespace lastgood
