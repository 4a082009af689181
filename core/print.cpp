#include "core/print.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/utf8.hpp"

namespace lastgood {

namespace {

// What coloured() begins and ends with.
constexpr std::string_view own_colours[] = {"\033[0m",  "\033[1m",  "\033[1;31m",
                                            "\033[32m", "\033[33m", "\033[35m"};

bool is_plain(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t'; });
}

size_t length_of_own_colour(std::string_view text) {
    for (const std::string_view one : own_colours)
        if (text.starts_with(one)) return one.size();
    return 0;
}

// "\u009b"; beyond 16 bits a surrogate pair (RFC 8259, section 7).
void append_escape(std::string& out, uint32_t c) {
    if (c < 0x10000)
        out += fmt::format("\\u{:04x}", c);
    else
        out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((c - 0x10000) >> 10),
                           0xdc00 + ((c - 0x10000) & 0x3ff));
}

// Calls `replace` with each harmful character, 0 for a byte that is no UTF-8.
template <class Replace>
std::string clean(std::string_view text, bool colours, Replace replace) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = decode_utf8(text);
        size_t length = std::max<size_t>(point.length, 1);
        const bool stays = text[0] == '\n' || text[0] == '\t';
        if (const size_t own = colours ? length_of_own_colour(text) : 0; own > 0)
            out += text.substr(0, length = own);
        else if (stays || (point.length != 0 && !is_harmful(point.value)))
            out += text.substr(0, length);
        else
            replace(out, point.length == 0 ? 0 : point.value);
        text.remove_prefix(length);
    }
    return out;
}

// Both results count: fflush(3) does not know what fwrite(3) could not write.
bool write(std::string_view text, FILE* where) {
    const bool written = std::fwrite(text.data(), 1, text.size(), where) == text.size();
    return std::fflush(where) == 0 && written;
}

}  // namespace

std::string printable(std::string_view text, bool colours) {
    if (is_plain(text)) return std::string(text);
    return clean(text, colours, [](std::string& out, uint32_t) { out += '?'; });
}

std::string printable_json(std::string_view json) {
    if (is_plain(json)) return std::string(json);
    return clean(json, false, append_escape);
}

bool print_text(std::string_view text, bool colours) {
    return write(printable(text, colours), stdout);
}

bool print_json(std::string_view text) {
    return write(printable_json(text), stdout);
}

void print_error(std::string_view text) {
    static_cast<void>(write(printable(text) + '\n', stderr));
}

void print_last_words(const char* text) noexcept {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void clear_screen() {
    static_cast<void>(write("\033[H\033[2J", stdout));
}

}  // namespace lastgood
