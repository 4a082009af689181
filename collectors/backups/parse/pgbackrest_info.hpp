// Parses pgBackRest's record of its backups, backup.info in a repository. Pure.
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
    double size = 0;              // of the database, bytes
    double repository_bytes = 0;  // of its own files, without its manifest; 0: not told
    bool error = false;           // pgBackRest found pages with wrong checksums
    int database = 0;             // db-id: the N of archive/STANZA/VERSION-N
    // The segments of WAL that it needs; empty: it needs none from the archive, or does not tell.
    std::string first_wal, last_wal;
};

// Parses section [backup:current] of backup.info, format 5 (pgBackRest 2.x); oldest first. Empty:
// no backup was ever made. malformed: not a backup.info, or encrypted.
Result<std::vector<PgbackrestBackup>> parse_pgbackrest_backup_info(std::string_view text);

// Whether a file with this beginning is encrypted ("Salted__").
bool is_pgbackrest_encrypted(std::string_view head);

// Whether the name of a directory is a backup's label. Sets `time` to the label's last time stamp:
// when the backup began, in local time of the host that made it.
bool parse_pgbackrest_label(std::string_view label, Timestamp& time);

}  // namespace lastgood
