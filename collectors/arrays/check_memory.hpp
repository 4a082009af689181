// What the kernel does not remember of an array: when a check of it last ended. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/time.hpp"

namespace lastgood {

struct CheckMemory {
    Timestamp checked = 0;  // the end of the last check or repair; 0: none was seen
    // Of a check that is running.
    bool checking = false;
    double progress = 0;  // 0 to 1
    std::optional<Seconds> remaining;
    Timestamp seen_at = 0;
};

using CheckMemories = std::map<std::string, CheckMemory>;  // by array id

// Only `checked` survives; a cursor that makes no sense gives nothing.
std::string to_cursor(const CheckMemories& memories);
CheckMemories checks_from_cursor(const std::string& cursor);

// Follows checks from one look to the next. A check that was stopped leaves no trace in sysfs, so
// it counts as ended by itself only if it was about to end when last seen, or if the array is so
// small that it was never seen between.
void follow_check(const MdArray& array, Timestamp now, CheckMemory& memory);

// The count belongs to the last check or repair; a resync leaves one, too, that says nothing.
bool mismatches_mean_something(const MdArray& array, const CheckMemory& memory);

}  // namespace lastgood
