#include "agent/config/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

// The part between the first two of these marks; "" if there are none.
std::string_view quoted_in(std::string_view text, char mark) {
    const size_t begin = text.find(mark);
    const size_t end = begin == text.npos ? begin : text.find(mark, begin + 1);
    return end == text.npos ? std::string_view() : text.substr(begin + 1, end - begin - 1);
}

bool is_open_at_its_end(std::string_view line, char mark) {
    bool open = false;
    for (size_t at = 0; at < line.size(); ++at) {
        if (!open && line[at] == '#') break;
        if (open && mark == '"' && line[at] == '\\')
            ++at;
        else if (line[at] == mark)
            open = !open;
    }
    return open;
}

// "text" of «key = text # remark».
std::string_view value_of(std::string_view line) {
    std::string_view value = line.substr(std::min(line.find('=') + 1, line.size()));
    return trim(value.substr(0, value.find('#')));
}

std::string twice(std::string_view description) {
    const std::string_view name = quoted_in(description, '\'');
    if (name.empty()) return "";
    if (contains(description, "existing table"))
        return fmt::format("[{0}] is there twice: write all its keys below the first [{0}]", name);
    return fmt::format("{} is there twice: remove one of them", name);
}

// A value that is no text in quotes, though it has to be one.
std::string unquoted(std::string_view line) {
    const std::string_view key = trim(line.substr(0, line.find('=')));
    const std::string_view value = value_of(line);
    if (value.empty()) return fmt::format("the value is missing: write {} = \"…\"", key);
    constexpr std::array typographic{"\u201c", "\u201d", "\u201e", "\u00ab", "\u2018", "\u2019"};
    for (const std::string_view mark : typographic)
        if (value.starts_with(mark))
            return "these quotation marks are not those of TOML: write \" before and behind the "
                   "text";
    if (contains("\"'[{", value.front())) return "";
    if (contains(value, '"') || contains(value, '\\')) return "";
    return fmt::format("write the value in quotation marks: {} = \"{}\"", key, value);
}

}  // namespace

std::string explain_syntax_error(std::string_view line, std::string_view description) {
    if (contains(description, "utf-8"))
        return "this letter is not UTF-8: save the file as UTF-8, or write another letter";
    std::string known;
    if (contains(description, "cannot redefine"))
        known = twice(description);
    else if (is_open_at_its_end(line, '"'))
        known = "this text does not end: write \" behind it";
    else if (const size_t colon = line.find(':');
             colon != line.npos && !contains(line, '=') && !trim(line).starts_with('['))
        known = "write KEY = VALUE, with = and not :";
    else if (contains(line, '='))
        known = unquoted(line);
    return known.empty() ? std::string(description) : known;
}

std::string_view line_of(std::string_view text, size_t number) {
    std::string_view line;
    for (size_t at = 0; at < number; ++at) line = text.empty() ? "" : take_line(text);
    return trim_end(line, "\r");
}

}  // namespace lastgood
