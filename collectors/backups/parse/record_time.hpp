// Parses times as the records of backup tools write them. Pure, but for the local time zone.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// "2026-11-26 12:14:08.151245+00:00", "2026-11-26T12:14:08Z", "2026-11-26 12:14:08" (then local):
// the whole text but for blanks around it. nullopt: another form, or no such date.
std::optional<Timestamp> parse_record_time(std::string_view text);

}  // namespace lastgood
