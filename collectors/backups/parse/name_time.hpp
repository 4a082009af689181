// The time that a copy's name carries: "db-2026-11-21.sql.gz", "dump_20261121-031500",
// "2026-11-21T03:15:00Z", "vzdump-qemu-100-2026_04_22-08_36_31.vma.zst", "base.1795230000".
#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

struct NameTime {
    Timestamp time = 0;      // start of the day when the name holds no time of day
    bool whole_day = false;  // the name holds a date only
};

// The time found by its form; of several the last of the most precise ones ("inc.T1.to.T2" ends at
// T2). Years 1990 to 2099. Without "Z" or an offset it is local time. Day-first dates are only
// believed with dots ("21.11.2026"). Linear in the name's length.
std::optional<NameTime> find_time_in_name(std::string_view name);

// The last place in the name that fits a strptime(3)-like pattern: %Y %y %m %d %H %M %S %j %s %b
// %z %%, other characters literally. nothing: it fits nowhere, or the pattern has neither a date
// nor %s. "%z" takes "Z" or "+hhmm".
std::optional<NameTime> find_time_by_pattern(std::string_view name, std::string_view pattern);

// A message for the administrator when a pattern cannot find a time; empty: it is fine.
std::string_view what_is_wrong_with_time_pattern(std::string_view pattern);

// The time of a copy whose name holds only a date: its modification time if it lies in that day,
// else the nearer end of the day.
Timestamp within_day(const NameTime& day, Timestamp modified);

}  // namespace lastgood
