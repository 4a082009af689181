// pgBackRest's record of its backups: backup.info in a repository, and `pgbackrest info
// --output=json`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct PgbackrestBackup {
    std::string label;  // "20220926-201857F", "…F_20220927-201857D", "…I"
    std::string type;   // "full", "diff", "incr"
    Timestamp start = 0;
    Timestamp stop = 0;
    double size = 0;     // of the database, bytes
    bool error = false;  // pages with wrong checksums
};

// Oldest first. Section [backup:current] of backup.info, format 5 (pgBackRest 2.x). An empty list:
// no backup was ever made. malformed: no backup.info, or an encrypted one (it begins with
// "Salted__").
Result<std::vector<PgbackrestBackup>> parse_pgbackrest_backup_info(std::string_view text);

struct PgbackrestStanza {
    std::string name;
    int status_code = 0;  // 0 ok; 2 no valid backups; … (command/info/info.c)
    std::string status_message;
    std::vector<PgbackrestBackup> backups;  // oldest first
};

// Of `pgbackrest info --output=json`, 2.x.
Result<std::vector<PgbackrestStanza>> parse_pgbackrest_info_json(std::string_view text);

bool is_pgbackrest_encrypted(std::string_view head);

// Whether the name of a directory is a backup's label; `time`: its last time stamp, local time of
// the host that made it: when the backup began.
bool parse_pgbackrest_label(std::string_view label, Timestamp& time);

}  // namespace lastgood
