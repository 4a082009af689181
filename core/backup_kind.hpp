// The kinds of backup, one row for each: what the configuration needs to know of it. The readers
// are in collectors/backups/.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace lastgood {

// To add a kind: a name here, a row in backup_kind.cpp, and a reader in collectors/backups/.
enum class BackupKind {
    files,
    restic,
    borg,
    pgbackrest,
    rsnapshot,
    barman,
    duplicity,
    rdiff_backup,
    dirvish,
    bup,
    mariabackup,
    vzdump,
    proxmox_backup,
    kopia,
    btrbk,
    snapper,
    lvm,
    stamp,
    systemd,
    observed
};

// What the location of a backup is.
enum class BackupPlace {
    none,        // values come from the inbox or a third-party collector
    directory,   // must be there
    pattern,     // for paths (core/glob.hpp)
    later_file,  // the first backup makes it; its directory must be there
    unit,        // a unit of systemd, which tells the time of its runs and not where copies lie
};

struct BackupKindRow {
    BackupKind kind;
    std::string_view key;  // in [[backup]]: key = "/location"; also its name in metrics
    BackupPlace place;
    bool has_size = false;  // the size of one copy can be read
    // One place holds the copies of several sources, which the tool tells apart by itself. Files
    // are told apart by the setting `each`.
    bool has_streams = false;
    // The tool copies what a symbolic link leads to that it is given as a source (rsnapshot 1.4,
    // dirvish 1.2), or asks the database's server where its data is. False: it stores the link
    // alone, fails, or it cannot be told what the job does.
    bool follows_links = false;
    // What lies at the place need not be the tool's: nothing there proves that the place is right.
    bool shares_place = false;
    // Keys of [[backup]] that only this kind, and others that name it, take. Empty: unused.
    std::array<std::string_view, 4> own_keys = {};
    // Names that are all there at such a place, and together nowhere else. Empty: names alone do
    // not tell.
    std::array<std::string_view, 4> marks = {};
    std::string_view example = {};  // a location
    std::string_view prose = {};    // for docs/config.md
};

// All rows, in the order of the enum; `observed` is the last one.
std::span<const BackupKindRow> backup_kinds();
const BackupKindRow& row_of(BackupKind kind);

bool takes(const BackupKindRow& row, std::string_view own_key);

std::string_view to_string(BackupKind kind);

}  // namespace lastgood
