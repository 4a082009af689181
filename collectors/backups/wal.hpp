// The archive of write-ahead log (WAL) beside the base backups of PostgreSQL: without it a database
// can only be restored to the time of a backup, and an online backup not at all.
//
// Sources: PostgreSQL 15's documentation, "Continuous Archiving"; pgBackRest 2.45 and barman 3.4
// for where the files lie.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/state.hpp"
#include "core/host.hpp"
#include "core/place.hpp"

namespace lastgood {

// Whether this is the name of one whole segment as an archive stores it: 24 hexadecimal digits, and
// after them what pgBackRest ("-SHA1.gz") or a compressor (".zst") adds. Not of a .partial, .backup
// or .history file. Pure.
bool is_wal_segment(std::string_view name);

// When the newest segment below `archive` was written. It holds directories of 16 digits, as
// barman's `wals` does, or directories of a PostgreSQL version ("15-1") with these, as pgBackRest's
// `archive/STANZA` does. nullopt: there is no segment. Error: a directory could not be listed.
Result<std::optional<Timestamp>> newest_wal(const Host& host, const std::string& archive);

// Sets newest_wal, or adds the problem; an archive that is not there is none.
void note_wal(const Host& host, const std::string& archive, BackupState& state);

// Since when the oldest segment waits that a database in one of these places has finished and
// nobody has archived; PostgreSQL marks it with pg_wal/archive_status/*.ready. A place is a data
// directory, or at most two levels above one ("/var/lib/postgresql"). nullopt: none waits, or it
// cannot be seen. Does not look into network and FUSE filesystems.
std::optional<Timestamp> oldest_waiting_wal(const Host& host, const Topology& topology,
                                            const std::vector<std::string>& places);

}  // namespace lastgood
