// Points in time, durations, sizes, and their text forms. All functions are pure, except that
// from_civil_local() reads the time zone.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

using Timestamp = double;  // seconds since the Unix epoch, UTC
using Seconds = double;    // a duration

// Parses "26h", "90s", "1h 30min", "2w"; units as in systemd.time(7): us ms s m min h d w month y.
// Error: malformed; also for a number without a unit or below 0.
Result<Seconds> parse_duration(std::string_view text);

// For people: "10h 5min", "912 days", "3 s"; at most two units. "unknown" if not finite.
std::string format_duration(Seconds duration);

// An age in a single unit, for tables: "4 s", "2 min", "5 h", "12 d", "3.2 y". Negative: "in 5 h".
// Not finite: "?".
std::string short_age(Seconds age);

// "2026-11-21 20:14:05 UTC"; "unknown" if out of range.
std::string format_time(Timestamp time);
// The date of a setting that means its midnight, "2027-03-01", in nearly every zone.
std::string format_day(Timestamp midnight);

// How long one thing takes, for people: "120 us", "4 ms", "7.1 s".
std::string format_short_time(Seconds time);

// For people: "512 B", "1.5 GiB"; binary units, one decimal.
std::string format_size(double bytes);

// Bytes of "1GiB", "500 MB", "4096"; binary and decimal units. Error: malformed; also for a number
// below 0.
Result<double> parse_size(std::string_view text);

// Civil time, UTC or local, to seconds since the epoch; month 1 to 12, day 1 to 31.
Timestamp from_civil_utc(int year, int month, int day, int hour, int minute, int second);
Timestamp from_civil_local(int year, int month, int day, int hour, int minute, int second);

// The same as one value.
struct CivilTime {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    double fraction = 0;  // of a second

    bool has_valid_date() const;  // a day of the Gregorian calendar
    bool has_valid_time() const;  // 00:00:00 to 23:59:60
};
Timestamp from_civil_utc(const CivilTime& civil);
Timestamp from_civil_local(const CivilTime& civil);

}  // namespace lastgood
