#include "collectors/backups/parse/rdiff_backup_statistics.hpp"

#include "core/text.hpp"

namespace lastgood {

// "EndTime 1795695073.11 (Thu Nov 26 12:11:13 2026)"
Result<RdiffBackupSession> parse_rdiff_backup_statistics(std::string_view text) {
    RdiffBackupSession session;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string_view key = take_until(line, ' ');
        const double value = take_number<double>(line).value_or(0);
        if (!(value >= 0) || value > 1e18) continue;
        if (key == "StartTime") session.start = value;
        if (key == "EndTime") session.end = value;
        if (key == "SourceFileSize") session.source_size = value;
        if (key == "SourceFiles") session.source_files = value;
        if (key == "Errors") session.errors = value;
    }
    if (session.end <= 0)
        return fail(ErrorKind::malformed,
                    "it has no EndTime: not session_statistics of rdiff-backup");
    return session;
}

}  // namespace lastgood
