// What the name and the times of a file say of the copy that it is. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/backups/parse/name_time.hpp"

namespace lastgood {

// Whether a tool writes under such a name and renames the file at the end, as rsync, mktemp,
// browsers and most scripts do.
bool is_temporary_name(std::string_view name);

struct CopyTime {
    Timestamp time = 0;
    bool from_name = false;  // else it is the modification time
};

// When a copy was made. Its name tells, unless the name's time is later than the last write: a copy
// cannot have begun then, so the name has another time zone or is no time. A name that is days
// later than the modification time is right if the file came to this place since: it is a copy that
// keeps the times of its source (cp -p).
CopyTime copy_time(const std::optional<NameTime>& name, Timestamp modified, Timestamp changed);

// How the time in a name compares with the one in a reference that has it at `place`, without
// reading it: below 0 earlier, 0 the same, above 0 later. nullopt: the names have different forms.
// For times that find_time_in_name() found, of years with four digits before months.
std::optional<int> compare_times(std::string_view name, std::string_view reference,
                                 const NameTime& place);

// Whether compare_times() works for names whose time is found by this pattern of strptime(3).
bool is_in_order(std::string_view time_pattern);

// The stream that a name belongs to: its part before the time ("db1" of "db1-2026-11-24.sql.gz"),
// without separators at its ends; if that is empty the part behind it; without a time all of it.
std::string_view stream_of(std::string_view name, const std::optional<NameTime>& time);

}  // namespace lastgood
