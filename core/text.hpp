// Small pure functions on text for the parsers. Characters are ASCII in every locale; a returned
// view points into the argument.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// isspace(3) of the C locale, and NUL: devices pad their fields with it.
inline constexpr std::string_view white_space{" \t\n\v\f\r\0", 7};
inline constexpr std::string_view decimal_digits = "0123456789";
inline constexpr std::string_view hexadecimal_digits = "0123456789abcdefABCDEF";

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char to_upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

constexpr bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// A loop, because find() calls memchr(3), which is slower on short sets of characters.
constexpr bool contains(std::string_view text, char c) {
    for (const char one : text)
        if (one == c) return true;
    return false;
}

constexpr bool is_space(char c) {
    return contains(white_space, c);
}

// True if a list of words contains `word`.
template <class List>
requires(!std::convertible_to<const List&, std::string_view>) constexpr bool contains(
    const List& list, std::string_view word) {
    return std::ranges::find(list, word) != std::ranges::end(list);
}

// True if all characters of `text` are in `characters`; also true for an empty text.
constexpr bool consists_of(std::string_view text, std::string_view characters) {
    for (const char c : text)
        if (!contains(characters, c)) return false;
    return true;
}

constexpr std::string_view without_prefix(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

constexpr std::string_view trim_end(std::string_view text,
                                    std::string_view characters = white_space) {
    while (!text.empty() && contains(characters, text.back())) text.remove_suffix(1);
    return text;
}

constexpr std::string_view trim_start(std::string_view text,
                                      std::string_view characters = white_space) {
    while (!text.empty() && contains(characters, text.front())) text.remove_prefix(1);
    return text;
}

constexpr std::string_view trim(std::string_view text, std::string_view characters = white_space) {
    return trim_start(trim_end(text, characters), characters);
}

// Returns the text before the first `separator` and removes it with the separator; all of the text
// if there is no separator.
constexpr std::string_view take_until(std::string_view& text, char separator) {
    const std::string_view taken = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(taken.size() + 1, text.size()));
    return taken;
}

// Takes the next line, without its newline: while (!text.empty()) { … = take_line(text); … }
constexpr std::string_view take_line(std::string_view& text) {
    return take_until(text, '\n');
}

// The non-empty parts between separators; each character of `separators` is one.
std::vector<std::string_view> split(std::string_view text,
                                    std::string_view separators = white_space);

// Takes the number at the start of the text. nullopt: there is none or it does not fit the type;
// the text is unchanged then. `base` is that of std::from_chars: no "0x" before base 16.
template <class Number, class... Base>
std::optional<Number> take_number(std::string_view& text, Base... base) {
    Number value{};
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, base...);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

// The whole text as a number; nullopt if anything else precedes or follows it.
template <class Number, class... Base>
std::optional<Number> parse_number(std::string_view text, Base... base) {
    const auto value = take_number<Number>(text, base...);
    return text.empty() ? value : std::nullopt;
}

// Decodes "\040" and other octal escapes: a backslash and three octal digits stand for one byte
// that would end a field (mangle() in the kernel's fs/proc_namespace.c, fstab(5)).
std::string unescape_octal(std::string_view text);

// "c" of "/a/b/c"; the whole path if it has no '/'.
constexpr std::string_view last_component(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

// "/a/b" of "/a/b/c", "/" of "/a"; "" if the path has no '/'.
constexpr std::string_view parent_directory(std::string_view path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {};
    return path.substr(0, std::max<size_t>(slash, 1));
}

// "/a" of "/a//"; "/" stays "/".
constexpr std::string_view without_trailing_slashes(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    return path;
}

// True if an absolute path is this directory or lies below it.
constexpr bool lies_below(std::string_view path, std::string_view directory) {
    if (directory == "/") return path.starts_with('/');
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace lastgood
