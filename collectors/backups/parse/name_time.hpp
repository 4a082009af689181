// Finds the time in a copy's name: "db-2026-11-21.sql.gz", "dump_20261121-031500",
// "2026-11-21T03:15:00Z", "vzdump-qemu-100-2026_04_22-08_36_31.vma.zst", "base.1795230000". Pure,
// but for the local time zone.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

struct NameTime {
    Timestamp time = 0;      // start of the day if the name holds no time of day
    bool whole_day = false;  // the name holds a date only
    // Where it stands in the name.
    size_t begin = 0;
    size_t end = 0;
};

// The days that names were in, so that many names of one day are converted to local time at once:
// mktime(3) looks at the time zone's file each time. Not thread-safe; use it for one look only,
// because the time zone may change.
class LocalDays {
  public:
    Timestamp time_of(const CivilTime& civil);

  private:
    struct Day {
        int number = 0;  // of year, month and day
        Timestamp midnight = 0;
        bool plain = false;  // 24 hours without a change of the clock
    };
    std::array<Day, 64> days_{};
};

// Recognises a time by its form. Among several it returns the last of the most precise ones
// ("inc.T1.to.T2": T2). Years 1990 to 2099. A time without "Z" or an offset is local. Day-first
// dates need dots ("21.11.2026"). nullopt: no time found. Linear in the name's length.
std::optional<NameTime> find_time_in_name(std::string_view name, LocalDays* days = nullptr);

// The time at the last place in the name that matches a pattern as in strptime(3): %Y %y %m %d %H
// %M %S %j %s %b %z %%; other characters match literally. "%z" takes "Z" or "+hhmm". nullopt: no
// match, or the pattern has neither a date nor %s.
std::optional<NameTime> find_time_by_pattern(std::string_view name, std::string_view pattern);

// A message for the administrator if the pattern can never find a time; empty: it is valid.
std::string_view what_is_wrong_with_time_pattern(std::string_view pattern);

// The time of a copy whose name holds only a date: its modification time if that is within the day,
// else the nearer end of the day.
Timestamp within_day(const NameTime& day, Timestamp modified);

}  // namespace lastgood
