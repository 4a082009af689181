#include "core/glob.hpp"

#include <fnmatch.h>

#include "core/text.hpp"

namespace lastgood {

bool matches_component(const std::string& pattern, const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

ComponentPattern::ComponentPattern(std::string pattern) : pattern_(std::move(pattern)) {
    texts_.emplace_back();
    for (size_t i = 0; i < pattern_.size(); ++i) {
        const char c = pattern_[i];
        if (contains("?[\\", c)) only_stars_ = false;
        if (c == '*')
            texts_.emplace_back();
        else
            texts_.back() += c;
    }
}

bool ComponentPattern::matches(const char* name) const {
    if (!only_stars_) return ::fnmatch(pattern_.c_str(), name, FNM_PERIOD) == 0;
    std::string_view rest(name);
    if (texts_.size() == 1) return rest == texts_.front();
    if (rest.starts_with('.') && texts_.front().empty()) return false;
    if (!rest.starts_with(texts_.front())) return false;
    rest.remove_prefix(texts_.front().size());
    if (rest.size() < texts_.back().size() || !rest.ends_with(texts_.back())) return false;
    rest.remove_suffix(texts_.back().size());
    for (size_t i = 1; i + 1 < texts_.size(); ++i) {
        const size_t at = rest.find(texts_[i]);
        if (at == rest.npos) return false;
        rest.remove_prefix(at + texts_[i].size());
    }
    return true;
}

bool has_wildcard(std::string_view component) {
    return component.find_first_of("*?[") != std::string_view::npos;
}

namespace {

// The place behind the set that begins at `at` with '['; npos: it is never closed.
size_t end_of_set(std::string_view text, size_t at) {
    ++at;
    if (at < text.size() && contains("!^", text[at])) ++at;
    for (const size_t first = at; at < text.size(); ++at) {
        if (text[at] == ']' && at > first) return at + 1;  // a first ] is one of the set
        if (text[at] == '\\') ++at;
        if (text.substr(at).starts_with("[:"))
            if (const size_t end = text.find(":]", at + 2); end != text.npos) at = end + 1;
    }
    return text.npos;
}

}  // namespace

std::string_view what_is_wrong_with_path_pattern(std::string_view pattern) {
    for (const std::string_view name : split(pattern, "/")) {
        for (size_t at = 0; at < name.size();) {
            if (name[at] == '\\' && at + 1 == name.size())
                return "a name ends with \\; write \\\\ for a \\ that is meant literally";
            if (name[at] != '[') {
                at += name[at] == '\\' ? 2 : 1;
                continue;
            }
            at = end_of_set(name, at);
            if (at == name.npos)
                return "a [ is never closed; write [a-z], or \\[ for a [ that is meant literally";
        }
    }
    return "";
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
