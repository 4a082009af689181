// Parses the records that mariabackup and Percona XtraBackup leave in a finished backup:
// xtrabackup_info (mariadb_backup_info since MariaDB 11.1) and xtrabackup_checkpoints. Pure, but
// for the local time zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct MariabackupInfo {
    Timestamp end = 0;     // written as local time without a zone
    bool partial = false;  // of some databases or tables only
};

// malformed: no end_time in it.
Result<MariabackupInfo> parse_mariabackup_info(std::string_view text);

struct MariabackupCheckpoints {
    bool incremental = false;   // not applied to its base yet
    uint64_t from = 0, to = 0;  // log sequence numbers
};

// malformed: no backup_type in it.
Result<MariabackupCheckpoints> parse_mariabackup_checkpoints(std::string_view text);

}  // namespace lastgood
