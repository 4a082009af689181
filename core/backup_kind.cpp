#include "core/backup_kind.hpp"

#include <algorithm>

namespace lastgood {

namespace {

constexpr BackupKindRow rows[] = {
    {BackupKind::files,
     "files",
     BackupPlace::pattern,
     true,
     {"time_pattern", "settle_time", "each", "complete_if"},
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
     {"stanza", "max_wal_age"},
     "/var/lib/pgbackrest",
     "The copies are backups in this pgBackRest repository."},
    {BackupKind::rsnapshot,
     "rsnapshot",
     BackupPlace::directory,
     false,
     {"log"},
     "/var/cache/rsnapshot",
     "The copies are rsnapshot's snapshots in this directory, its snapshot_root. Which of them are "
     "good, its log says."},
    {BackupKind::barman,
     "barman",
     BackupPlace::directory,
     true,
     {"max_wal_age"},
     "/var/lib/barman/main",
     "The copies are barman's base backups in this directory of a server, or of all servers in "
     "barman_home."},
    {BackupKind::duplicity,
     "duplicity",
     BackupPlace::directory,
     true,
     {},
     "/srv/duplicity/db8",
     "The copies are duplicity's backup sets in this directory. lastgood needs no password."},
    {BackupKind::rdiff_backup,
     "rdiff_backup",
     BackupPlace::directory,
     true,
     {},
     "/srv/rdiff-backup/db8",
     "The copies are the mirror and the increments of rdiff-backup in this directory."},
    {BackupKind::dirvish,
     "dirvish",
     BackupPlace::directory,
     false,
     {},
     "/srv/dirvish/db8",
     "The copies are the images in this dirvish vault, or in all vaults of this bank."},
    {BackupKind::bup,
     "bup",
     BackupPlace::directory,
     false,
     {},
     "/srv/bup",
     "The copies are the saves in this bup repository (BUP_DIR), each branch on its own."},
    {BackupKind::mariabackup,
     "mariabackup",
     BackupPlace::directory,
     false,
     {},
     "/backup/mariadb",
     "The copies are directories that mariabackup or xtrabackup made, this one or those below it."},
    {BackupKind::vzdump,
     "vzdump",
     BackupPlace::directory,
     true,
     {},
     "/var/lib/vz/dump",
     "The copies are archives of Proxmox guests in this directory, each guest on its own."},
    {BackupKind::proxmox_backup,
     "proxmox_backup",
     BackupPlace::directory,
     true,
     {},
     "/mnt/datastore/store1",
     "The copies are snapshots in this datastore of Proxmox Backup Server, each guest or host on "
     "its own."},
    {BackupKind::kopia,
     "kopia",
     BackupPlace::directory,
     false,
     {},
     "/srv/kopia",
     "The copies are snapshots in this kopia repository. Without its password their times cannot "
     "be read: lastgood tells when it last changed, and never calls it fresh."},
    {BackupKind::btrbk,
     "btrbk",
     BackupPlace::directory,
     false,
     {},
     "/mnt/backup/btrbk",
     "The copies are btrbk's snapshots in this directory on btrfs, a target or a snapshot_dir, "
     "each subvolume on its own."},
    {BackupKind::snapper,
     "snapper",
     BackupPlace::directory,
     false,
     {},
     "/home",
     "The copies are snapper's snapshots of this subvolume of btrfs. They lie on the filesystem "
     "that they are of, and go with it."},
    {BackupKind::lvm,
     "lvm",
     BackupPlace::directory,
     false,
     {},
     "/dev/vg0/data",
     "The copies are LVM's snapshots of this logical volume, /dev/GROUP/VOLUME. They need the "
     "volume that they are of, and go with its drives."},
    {BackupKind::stamp,
     "stamp",
     BackupPlace::later_file,
     false,
     {},
     "/var/lib/off-site-sync.ok",
     "The backup job touches this file when it has succeeded."},
    {BackupKind::systemd,
     "systemd",
     BackupPlace::unit,
     false,
     {},
     "restic.service",
     "The service of systemd that makes the copies. Beside a repository or files it tells how the "
     "job's last run ended, which they cannot: a part of the source that could not be read, for "
     "instance. Alone, the newest copy is as old as the last run that succeeded."},
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

bool has_streams(BackupKind kind) {
    switch (kind) {
        case BackupKind::barman:
        case BackupKind::duplicity:
        case BackupKind::dirvish:
        case BackupKind::bup:
        case BackupKind::vzdump:
        case BackupKind::proxmox_backup:
        case BackupKind::btrbk:
            return true;
        case BackupKind::files:
        case BackupKind::restic:
        case BackupKind::borg:
        case BackupKind::pgbackrest:
        case BackupKind::rsnapshot:
        case BackupKind::rdiff_backup:
        case BackupKind::mariabackup:
        case BackupKind::kopia:
        case BackupKind::snapper:
        case BackupKind::lvm:
        case BackupKind::stamp:
        case BackupKind::systemd:
        case BackupKind::observed:
            return false;
    }
    return false;
}

bool follows_links(BackupKind kind) {
    switch (kind) {
        case BackupKind::pgbackrest:
        case BackupKind::rsnapshot:
        case BackupKind::barman:
        case BackupKind::dirvish:
        case BackupKind::mariabackup:
            return true;
        case BackupKind::files:
        case BackupKind::restic:
        case BackupKind::borg:
        case BackupKind::duplicity:
        case BackupKind::rdiff_backup:
        case BackupKind::bup:
        case BackupKind::vzdump:
        case BackupKind::proxmox_backup:
        case BackupKind::kopia:
        case BackupKind::btrbk:
        case BackupKind::snapper:
        case BackupKind::lvm:
        case BackupKind::stamp:
        case BackupKind::systemd:
        case BackupKind::observed:
            return false;
    }
    return false;
}

bool takes(const BackupKindRow& row, std::string_view own_key) {
    return std::ranges::find(row.own_keys, own_key) != row.own_keys.end();
}

std::string_view to_string(BackupKind kind) {
    return row_of(kind).key;
}

}  // namespace lastgood
