// The end of an array's last check, which the kernel does not keep. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/time.hpp"

namespace lastgood {

struct CheckMemory {
    Timestamp checked = 0;  // end of the last check or repair; 0: none was seen
    double speed = 0;       // of the running or last check, resync or rebuild, bytes/s of each
                            // member; 0: none was seen
    // Of a running action; not saved.
    double done = 0;  // 0 to 1
    Timestamp done_at = 0;
    // Of a running check; not saved.
    bool checking = false;
    double progress = 0;  // 0 to 1
    std::optional<Seconds> remaining;
    Timestamp seen_at = 0;
};

using CheckMemories = std::map<std::string, CheckMemory>;  // by array id

// The cursor holds `checked` and `speed`. A malformed cursor gives an empty map.
std::string to_cursor(const CheckMemories& memories);
CheckMemories checks_from_cursor(const std::string& cursor);

// Notices the end of a check; to be called at each poll. sysfs does not show whether a check was
// stopped: it counts as complete only if it was near its end at the last poll, or if the members
// are smaller than 512 MiB.
void follow_check(const MdArray& array, Timestamp now, CheckMemory& memory);

// Measures the speed of an action that runs; to be called at each poll. md tells it; of others it
// is the progress between two polls.
void follow_speed(const MdArray& array, Timestamp now, CheckMemory& memory);

// True if mismatch_sectors is of a check or a repair; a resync leaves a meaningless number.
bool mismatches_are_valid(const MdArray& array, const CheckMemory& memory);

}  // namespace lastgood
