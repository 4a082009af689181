#include "collectors/backups/parse/btrbk_name.hpp"

#include "collectors/backups/parse/name_time.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

struct Format {
    std::string_view pattern;  // of strptime(3)
    Seconds precision;
};

// By the length of what precedes the zone.
std::optional<Format> format_of(std::string_view time) {
    constexpr size_t day = 8, minute = 13, second = 15;
    switch (time.size()) {
        case day:
            return Format{"%Y%m%d", 86400};
        case minute:
            return Format{"%Y%m%dT%H%M", 60};
        default:
            if (time.size() <= second) return std::nullopt;
            return Format{"%Y%m%dT%H%M%S%z", 1};
    }
}

// Takes "_1" from the end. nullopt: what is behind the '_' is no number.
std::optional<unsigned> take_trailing_number(std::string_view& time) {
    const size_t line = time.find('_');
    if (line == time.npos) return 0;
    const std::string_view digits = time.substr(line + 1);
    time = time.substr(0, line);
    if (!consists_of(digits, decimal_digits)) return std::nullopt;
    return parse_number<unsigned>(digits);
}

}  // namespace

std::optional<BtrbkName> parse_btrbk_name(std::string_view name) {
    const size_t dot = name.rfind('.');
    if (dot == name.npos || dot == 0) return std::nullopt;
    std::string_view time = name.substr(dot + 1);
    const auto number = take_trailing_number(time);
    if (!number) return std::nullopt;
    const auto format = format_of(time);
    if (!format) return std::nullopt;
    const auto found = find_time_by_pattern(time, format->pattern);
    if (!found || found->begin != 0 || found->end != time.size()) return std::nullopt;
    return BtrbkName{std::string(name.substr(0, dot)), found->time, format->precision, *number};
}

}  // namespace lastgood
