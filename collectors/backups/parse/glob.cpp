#include "collectors/backups/parse/glob.hpp"

#include <fnmatch.h>

#include "core/text.hpp"

namespace lastgood {

bool matches_component(const std::string& pattern, const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
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
