#include "core/backup_kind.hpp"

#include <algorithm>

namespace lastgood {

namespace {

constexpr BackupKindRow rows[] = {
    {BackupKind::files,
     "files",
     BackupPlace::pattern,
     true,
     {"time_pattern", "settle_time"},
     "/backup/db8/*.sql.zst",
     "The copies are files that match this pattern."},
    {BackupKind::restic,
     "restic",
     BackupPlace::directory,
     false,
     {},
     "/srv/restic/db8",
     "The copies are snapshots in this restic repository. lastgood needs no password."},
    {BackupKind::borg,
     "borg",
     BackupPlace::directory,
     false,
     {"cache_directory"},
     "/srv/borg/db8",
     "The copies are archives in this borg repository. lastgood needs no password."},
    {BackupKind::pgbackrest,
     "pgbackrest",
     BackupPlace::directory,
     true,
     {"stanza"},
     "/var/lib/pgbackrest",
     "The copies are backups in this pgBackRest repository."},
    {BackupKind::stamp,
     "stamp",
     BackupPlace::later_file,
     false,
     {},
     "/var/lib/off-site-sync.ok",
     "The backup job touches this file when it has succeeded."},
    {BackupKind::observed, "observed", BackupPlace::none, true, {}, "", ""},
};

constexpr bool are_in_order() {
    for (size_t i = 0; i < std::size(rows); ++i)
        if (rows[i].kind != static_cast<BackupKind>(i)) return false;
    return rows[std::size(rows) - 1].kind == BackupKind::observed;
}
static_assert(are_in_order(), "one row for each kind, in the order of the enum");

}  // namespace

std::span<const BackupKindRow> backup_kinds() {
    return rows;
}

const BackupKindRow& row_of(BackupKind kind) {
    return rows[static_cast<size_t>(kind)];
}

bool takes(const BackupKindRow& row, std::string_view own_key) {
    return std::ranges::find(row.own_keys, own_key) != row.own_keys.end();
}

std::string_view to_string(BackupKind kind) {
    return row_of(kind).key;
}

}  // namespace lastgood
