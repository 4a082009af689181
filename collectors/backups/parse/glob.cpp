#include "collectors/backups/parse/glob.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

struct Set {
    bool valid = false;  // false: no closing bracket, so "[" is literal
    bool matches = false;
    size_t end = 0;  // position after the closing bracket
};

Set match_set(std::string_view pattern, size_t start, unsigned char byte) {
    Set set;
    size_t at = start + 1;
    bool negated = false;
    if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) {
        negated = true;
        ++at;
    }
    bool first = true;
    bool found = false;
    while (at < pattern.size() && (first || pattern[at] != ']')) {
        first = false;
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        const auto low = static_cast<unsigned char>(pattern[at]);
        auto high = low;
        if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
            high = static_cast<unsigned char>(pattern[at + 2]);
            at += 2;
        }
        if (low <= byte && byte <= high) found = true;
        ++at;
    }
    if (at >= pattern.size()) return set;
    set.valid = true;
    set.matches = found != negated;
    set.end = at + 1;
    return set;
}

// Whether the pattern's element at `at` matches the byte; sets `next` to the position after it.
bool match_one(std::string_view pattern, size_t at, char byte, size_t& next) {
    if (pattern[at] == '?') {
        next = at + 1;
        return true;
    }
    if (pattern[at] == '[') {
        const Set set = match_set(pattern, at, static_cast<unsigned char>(byte));
        if (set.valid) {
            next = set.end;
            return set.matches;
        }
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    next = at + 1;
    return pattern[at] == byte;
}

}  // namespace

bool matches_component(std::string_view pattern, std::string_view name) {
    if (!name.empty() && name[0] == '.' && (pattern.empty() || pattern[0] != '.')) return false;
    size_t p = 0;
    size_t n = 0;
    size_t star = std::string_view::npos;  // position after the last '*' seen
    size_t retry = 0;
    while (n < name.size()) {
        size_t next = 0;
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            retry = n;
        } else if (p < pattern.size() && match_one(pattern, p, name[n], next)) {
            p = next;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star;
            n = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool has_wildcard(std::string_view component) {
    return component.find_first_of("*?[") != std::string_view::npos;
}

PathPattern split_path_pattern(std::string_view pattern) {
    PathPattern result;
    const auto parts = split(pattern, "/");
    size_t first = 0;
    while (first + 1 < parts.size() && !has_wildcard(parts[first])) ++first;
    for (size_t i = 0; i < first; ++i) result.fixed.append("/").append(parts[i]);
    if (result.fixed.empty()) result.fixed += '/';
    result.components.assign(parts.begin() + static_cast<std::ptrdiff_t>(first), parts.end());
    if (result.components.empty()) result.components.emplace_back("*");
    return result;
}

}  // namespace lastgood
