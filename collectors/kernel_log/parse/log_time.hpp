// The forms of time in saved kernel logs: recognises them at the beginning of a text, and reads
// them. All functions are pure and allocate nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// "Jan" → 1 … "Dec" → 12; 0 for anything else.
int month_of(std::string_view text);

// Begins with "Mon" … "Sun".
bool is_weekday(std::string_view text);

// Begins with "yyyy-mm-dd".
bool is_date(std::string_view text);

// "12345.678901": digits with one dot. Removes leading blanks.
bool is_uptime(std::string_view& text);

// Length of the civil time at the beginning, without the blank behind it; 0 if there is none.
size_t civil_time_length(std::string_view text);

// Reads a civil time: "Sep  5 00:12:26", "2023-06-06T10:04:36.136056+02:00", "1686042276.136056", …
// nullopt if it is none or an impossible one. Without a zone the time is this host's local time.
// Without a year it is the last such date that is not after `now` (plus one day, because clocks
// differ).
std::optional<Timestamp> time_of(std::string_view text, Timestamp now);

}  // namespace lastgood
