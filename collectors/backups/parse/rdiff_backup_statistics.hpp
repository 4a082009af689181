// Parses rdiff-backup's record of one session, session_statistics.TIME.data (1.2 to 2.2). Pure.
#pragma once

#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct RdiffBackupSession {
    Timestamp start = 0, end = 0;
    double source_size = 0;   // bytes
    double source_files = 0;  // directories count too
    double errors = 0;        // files that were not copied
};

// malformed: it has no EndTime.
Result<RdiffBackupSession> parse_rdiff_backup_statistics(std::string_view text);

}  // namespace lastgood
