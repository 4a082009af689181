// Time zones for tests that need no tzdata.
#pragma once

#include <string>
#include <string_view>

#include "core/time_zone.hpp"

namespace lastgood::test {

// A file of the time zone database with no transition, only a POSIX TZ string.
inline std::string zone_bytes(std::string_view rule) {
    const auto header = [](char version, char characters) {
        std::string text = "TZif";
        text += version;
        text.append(15 + 4 * 4, '\0');       // leaps, times
        text += std::string("\0\0\0\1", 4);  // one type
        text += std::string("\0\0\0", 3) + characters;
        return text + std::string(6, '\0') + std::string(static_cast<size_t>(characters), '\0');
    };
    return header('2', 1) + header('2', 1) + "\n" + std::string(rule) + "\n";
}

inline lastgood::TimeZone zone_of(std::string_view rule) {
    return lastgood::TimeZone::parse(zone_bytes(rule)).value();
}

inline lastgood::TimeZone berlin() {
    return zone_of("CET-1CEST,M3.5.0,M10.5.0/3");
}

}  // namespace lastgood::test
