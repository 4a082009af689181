// Parses barman's record of a base backup, base/ID/backup.info (barman 2.x and 3.x). Pure, but for
// the local time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

enum class BarmanStatus {
    done,
    waiting_for_wals,  // copied, but it cannot be restored before its WAL has come
    started,           // also of a killed one
    failed,
    other,  // EMPTY, SYNCING
};

struct BarmanBackup {
    BarmanStatus status = BarmanStatus::other;
    std::string status_text;  // "DONE"
    std::optional<Timestamp> begin, end;
    std::optional<double> size;      // bytes
    std::string error;               // empty: none
    std::string begin_wal, end_wal;  // 24 hexadecimal digits; empty: none
    std::string parent;              // id of the backup that this is an increment to; empty: none
    bool is_snapshot = false;        // of a cloud's disks: nothing of it lies here
};

// malformed: it has no status.
Result<BarmanBackup> parse_barman_backup_info(std::string_view text);

}  // namespace lastgood
