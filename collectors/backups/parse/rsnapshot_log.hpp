// Parses rsnapshot's log (logfile in rsnapshot.conf; 1.3 to 1.5). Pure, but for the local time
// zone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

enum class RsnapshotEnd {
    none,      // still running, or killed
    success,   // "completed successfully"
    warnings,  // "completed, but with some warnings": rsync returned 23 or 24
    errors,    // "completed, but with some errors", or refused to start
};

struct RsnapshotRun {
    std::string level;  // "alpha", "daily", "sync"
    Timestamp started = 0;
    Timestamp ended = 0;  // 0: it has not
    RsnapshotEnd end = RsnapshotEnd::none;
    bool refused = false;  // it found a mistake or another run, and did nothing
    int process = 0;       // 0: not logged
    // The log holds its commands (loglevel 3 and more). A run that made a backup touches the
    // directory that it wrote; one that only rotates does not.
    bool has_commands = false;
    std::string touched;  // without a slash at the end
    // Files were not copied. Those that vanished while rsync ran do not count.
    bool partial = false;
    std::string error;  // the first one, without the time
    // Its local times came twice that night, when the clock was put back: they may mean an hour
    // later. The order of the lines tells where it can.
    bool may_be_later = false;
};
constexpr Seconds rsnapshot_clock_change = 3600;

// In the order of their starts; at most the last 10,000. A text that begins within a run is fine:
// what belongs to no run is left out. Lines without a known form are skipped.
std::vector<RsnapshotRun> parse_rsnapshot_log(std::string_view text);

}  // namespace lastgood
