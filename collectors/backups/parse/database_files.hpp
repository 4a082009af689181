// Tells whether the files that databases write, other than SQL, end as their formats ask. Pure.
//
// Sources: SQLite's "Database File Format", 1.3; Redis' rdb.c; xbstream_write.c of mariabackup;
// mongo-tools' archive format.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/backups/parse/completeness.hpp"

namespace lastgood {

// nullopt: another format. `head` and `tail`: the first and last bytes, at least 512 or all.
// - SQLite: the file has all pages that its header counts. That they fit together is not seen.
// - RDB of Redis: the mark of the end and its checksum's place. A log of commands may follow.
// - xbstream of mariabackup and xtrabackup: the last chunk ends a file.
// - mongodump --archive: the terminator.
std::optional<CompletenessVerdict> judge_database_file(std::optional<uint64_t> size,
                                                       std::string_view head,
                                                       std::string_view tail);

}  // namespace lastgood
