#include "core/backup_kind.hpp"

#include <algorithm>

namespace lastgood {

namespace {

constexpr BackupKindRow rows[] = {
    {.kind = BackupKind::files,
     .key = "files",
     .place = BackupPlace::pattern,
     .has_size = true,
     .shares_place = true,
     .own_keys = {"time_pattern", "settle_time", "each", "complete_if"},
     .example = "/backup/db8/*.sql.zst",
     .prose = "The copies are files that match this pattern."},
    {.kind = BackupKind::restic,
     .key = "restic",
     .place = BackupPlace::directory,
     .marks = {"config", "data", "keys", "snapshots"},
     .example = "/srv/restic/db8",
     .prose = "The copies are snapshots in this restic repository. lastgood needs no password."},
    {.kind = BackupKind::borg,
     .key = "borg",
     .place = BackupPlace::directory,
     .own_keys = {"cache_directory"},
     .marks = {"README", "config", "data"},
     .example = "/srv/borg/db8",
     .prose = "The copies are archives in this borg repository. lastgood needs no password."},
    {.kind = BackupKind::pgbackrest,
     .key = "pgbackrest",
     .place = BackupPlace::directory,
     .has_size = true,
     .follows_links = true,
     .own_keys = {"stanza", "max_wal_age"},
     .example = "/var/lib/pgbackrest",
     .prose = "The copies are backups in this pgBackRest repository."},
    {.kind = BackupKind::rsnapshot,
     .key = "rsnapshot",
     .place = BackupPlace::directory,
     .follows_links = true,
     .shares_place = true,
     .own_keys = {"log"},
     .example = "/var/cache/rsnapshot",
     .prose = "The copies are rsnapshot's snapshots in this directory, its snapshot_root. Which of "
              "them are good, its log says."},
    {.kind = BackupKind::barman,
     .key = "barman",
     .place = BackupPlace::directory,
     .has_size = true,
     .has_streams = true,
     .follows_links = true,
     .own_keys = {"max_wal_age"},
     .marks = {"base", "wals"},
     .example = "/var/lib/barman/main",
     .prose = "The copies are barman's base backups in this directory of a server, or of all "
              "servers in barman_home."},
    {.kind = BackupKind::duplicity,
     .key = "duplicity",
     .place = BackupPlace::directory,
     .has_size = true,
     .has_streams = true,
     .shares_place = true,
     .example = "/srv/duplicity/db8",
     .prose =
         "The copies are duplicity's backup sets in this directory. lastgood needs no password."},
    {.kind = BackupKind::rdiff_backup,
     .key = "rdiff_backup",
     .place = BackupPlace::directory,
     .has_size = true,
     .marks = {"rdiff-backup-data"},
     .example = "/srv/rdiff-backup/db8",
     .prose = "The copies are the mirror and the increments of rdiff-backup in this directory."},
    {.kind = BackupKind::dirvish,
     .key = "dirvish",
     .place = BackupPlace::directory,
     .has_streams = true,
     .follows_links = true,
     .marks = {"dirvish/default.conf"},
     .example = "/srv/dirvish/db8",
     .prose = "The copies are the images in this dirvish vault, or in all vaults of this bank."},
    {.kind = BackupKind::bup,
     .key = "bup",
     .place = BackupPlace::directory,
     .has_streams = true,
     .example = "/srv/bup",
     .prose = "The copies are the saves in this bup repository (BUP_DIR), each branch on its own."},
    {.kind = BackupKind::mariabackup,
     .key = "mariabackup",
     .place = BackupPlace::directory,
     .follows_links = true,
     .shares_place = true,
     .marks = {"xtrabackup_checkpoints"},
     .example = "/backup/mariadb",
     .prose = "The copies are directories that mariabackup or xtrabackup made, this one or those "
              "below it."},
    {.kind = BackupKind::vzdump,
     .key = "vzdump",
     .place = BackupPlace::directory,
     .has_size = true,
     .has_streams = true,
     .shares_place = true,
     .example = "/var/lib/vz/dump",
     .prose =
         "The copies are archives of Proxmox guests in this directory, each guest on its own."},
    {.kind = BackupKind::proxmox_backup,
     .key = "proxmox_backup",
     .place = BackupPlace::directory,
     .has_size = true,
     .has_streams = true,
     .marks = {".chunks"},
     .example = "/mnt/datastore/store1",
     .prose = "The copies are snapshots in this datastore of Proxmox Backup Server, each guest or "
              "host on its own."},
    {.kind = BackupKind::kopia,
     .key = "kopia",
     .place = BackupPlace::directory,
     .marks = {"kopia.repository.f"},
     .example = "/srv/kopia",
     .prose = "The copies are snapshots in this kopia repository. Without its password their times "
              "cannot be read: lastgood tells when it last changed, and never calls it fresh."},
    {.kind = BackupKind::btrbk,
     .key = "btrbk",
     .place = BackupPlace::directory,
     .has_streams = true,
     .shares_place = true,
     .example = "/mnt/backup/btrbk",
     .prose = "The copies are btrbk's snapshots in this directory on btrfs, a target or a "
              "snapshot_dir, each subvolume on its own."},
    {.kind = BackupKind::snapper,
     .key = "snapper",
     .place = BackupPlace::directory,
     .example = "/home",
     .prose = "The copies are snapper's snapshots of this subvolume of btrfs. They lie on the "
              "filesystem that they are of, and go with it."},
    {.kind = BackupKind::lvm,
     .key = "lvm",
     .place = BackupPlace::directory,
     .example = "/dev/vg0/data",
     .prose = "The copies are LVM's snapshots of this logical volume, /dev/GROUP/VOLUME. They need "
              "the volume that they are of, and go with its drives."},
    {.kind = BackupKind::stamp,
     .key = "stamp",
     .place = BackupPlace::later_file,
     .example = "/var/lib/off-site-sync.ok",
     .prose = "The backup job touches this file when it has succeeded."},
    {.kind = BackupKind::systemd,
     .key = "systemd",
     .place = BackupPlace::unit,
     .example = "restic.service",
     .prose =
         "The service of systemd that makes the copies. Beside a repository or files it tells how "
         "the job's last run ended, which they cannot: a part of the source that could not be "
         "read, for instance. Alone, the newest copy is as old as the last run that succeeded."},
    {.kind = BackupKind::observed, .key = "observed", .place = BackupPlace::none, .has_size = true},
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
