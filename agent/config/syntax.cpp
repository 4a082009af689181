#include "agent/config/syntax.hpp"

#include <fmt/core.h>

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

std::string twice(std::string_view line, std::string_view description) {
    const std::string_view name = quoted_in(description, '\'');
    if (name.empty()) return "";
    if (trim(line).starts_with('[') && contains(std::array{"backup", "accept", "collector"}, name))
        return fmt::format("write [[{}]], with two brackets", name);
    if (contains(description, "existing table"))
        return fmt::format("[{0}] is there twice: write all its keys below the first [{0}]", name);
    return fmt::format("{} is there twice: remove one of them", name);
}

// "2026-13-40", "1.12.2026"
bool looks_like_date(std::string_view value) {
    size_t digits = 0, groups = 1;
    for (const char c : value) {
        if (is_digit(c))
            ++digits;
        else if (contains(".-/", c))
            ++groups;
        else
            return false;
    }
    return groups == 3 && digits >= 4 && digits <= 8;
}

// "yes", "True", "off"
bool looks_like_flag(std::string_view value) {
    std::string small(value);
    for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return contains(std::array{"yes", "no", "true", "false", "on", "off"}, std::string_view(small));
}

// A list, or the end of one, that is written wrongly; "": it is not.
std::string wrong_list(std::string_view value) {
    if (!value.starts_with('[')) return "";
    const auto is_gap = [](std::string_view part) { return !part.empty() && trim(part).empty(); };
    std::string_view rest = value.substr(1);
    while (rest.starts_with('"') || rest.starts_with('\'')) {
        const size_t end = rest.find(rest.front(), 1);
        if (end == rest.npos) return "";
        rest.remove_prefix(end + 1);
        const size_t next = std::min(rest.find_first_of(",]\"'"), rest.size());
        const bool comma = next < rest.size() && rest[next] == ',';
        if (next < rest.size() && contains("\"'", rest[next]) &&
            (next == 0 || is_gap(rest.substr(0, next))))
            return "write a , between the texts of this list";
        rest = trim(rest.substr(next + (comma ? 1 : 0)));
    }
    return "";
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
    if (std::string wrong = wrong_list(value); !wrong.empty()) return wrong;
    if (value.front() == '\'' && std::ranges::count(value, '\'') == 1)
        return "this text does not end: it begins with ', so write ' behind it";
    if (value.ends_with(',') && (contains("\"'", value.front()) || value.ends_with("],")))
        return "remove the , at the end";
    if (looks_like_date(value)) return fmt::format("write a date, like {} = 2027-03-01", key);
    if (looks_like_flag(value)) return fmt::format("write {} = true, or {} = false", key, key);
    if (contains("\"'[{", value.front())) return "";
    if (contains(value, '"') || contains(value, '\\')) return "";
    return fmt::format("write the value in quotation marks: {} = \"{}\"", key, value);
}

}  // namespace

std::string explain_syntax_error(std::string_view line, std::string_view description,
                                 std::string_view before) {
    if (contains(description, "utf-8"))
        return "this letter is not UTF-8: save the file as UTF-8, or write another letter";
    std::string known;
    if (contains(description, "cannot redefine"))
        known = twice(line, description);
    else if (trim(line).starts_with("//"))
        known = "a remark begins with #, not with //";
    else if (contains(line, "\"\"\""))
        known =
            "a text that begins with \"\"\" ends with \"\"\": write \" around a text of one line";
    else if (value_of(before).starts_with('[') && !contains(before, ']') && contains(line, '='))
        known = "the list in the line before does not end: write ] there";
    else if (trim(line).starts_with('[') && !contains(line, '=') && !contains(line, ']'))
        known = fmt::format("write {} behind it", trim(line).starts_with("[[") ? "]]" : "]");
    else if (is_open_at_its_end(line, '"') && !value_of(line).starts_with('\''))
        known = "this text does not end: write \" behind it";
    else if (contains(description, "unicode scalar") || contains(description, "escape"))
        known = "\\ has a meaning between \" and \": write the text between ' and '";
    else if (const size_t colon = line.find(':');
             colon != line.npos && !contains(line, '=') && !trim(line).starts_with('['))
        known = "write KEY = VALUE, with = and not :";
    else if (contains(line, '='))
        known = unquoted(line);
    else if (!trim(line).empty() && is_letter(trim(line).front()))
        known = "write KEY = VALUE: the = is missing";
    return known.empty() ? std::string(description) : known;
}

std::string_view line_of(std::string_view text, size_t number) {
    std::string_view line;
    for (size_t at = 0; at < number; ++at) line = text.empty() ? "" : take_line(text);
    return trim_end(line, "\r");
}

}  // namespace lastgood
