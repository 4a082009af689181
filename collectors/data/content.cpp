#include "collectors/data/content.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

// Whether the path names this database or its kind, and not a tree that has much else.
bool names_it(const Place& path, const Piece& piece) {
    constexpr std::array<std::string_view, 5> of_much = {"/", "/var", "/var/lib", "/srv", "/home"};
    return path.exists && lies_below(piece.place.path, path.path) && !contains(of_much, path.path);
}

}  // namespace

std::string_view to_string(Content content) {
    switch (content) {
        case Content::files:
            return "files";
        case Content::database:
            return "database";
        case Content::unknown:
            return "unknown";
    }
    return "unknown";
}

Content content_of(const Backup& backup, const Piece& piece,
                   const std::vector<CoveredPath>& covered) {
    switch (backup.kind) {
        case BackupKind::restic:
        case BackupKind::borg:
        case BackupKind::rsnapshot:
        case BackupKind::duplicity:
        case BackupKind::rdiff_backup:
        case BackupKind::dirvish:
        case BackupKind::bup:
        case BackupKind::kopia:
            return Content::files;
        case BackupKind::pgbackrest:
        case BackupKind::barman:
        case BackupKind::mariabackup:
        case BackupKind::vzdump:
        case BackupKind::proxmox_backup:
            return Content::database;
        case BackupKind::files:
            return std::ranges::any_of(covered,
                                       [&](const CoveredPath& path) {
                                           return path.backup == &backup &&
                                                  names_it(path.place, piece);
                                       })
                       ? Content::database
                       : Content::files;
        case BackupKind::btrbk:    // of one moment: whole if all of the database
        case BackupKind::snapper:  // is in one subvolume
        case BackupKind::stamp:
        case BackupKind::systemd:
        case BackupKind::observed:
            break;
    }
    return Content::unknown;
}

}  // namespace lastgood
