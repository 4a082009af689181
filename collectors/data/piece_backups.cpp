#include "collectors/data/piece_backups.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

std::vector<PieceBackup> by_paths(const Piece& piece, bool ephemeral,
                                  const std::vector<CoveredPath>& covered) {
    std::vector<PieceBackup> found;
    if (!piece.device) {
        for (CoveringBackup& one : backups_of(piece.place, ephemeral, covered))
            found.push_back({one.backup, std::move(one.part)});
        return found;
    }
    for (const CoveredPath& one : covered) {
        const std::string& path = one.place.path;
        const bool has_it = lies_below(path, "/dev") &&
                            (path == piece.device->source || lies_below(piece.place.path, path));
        if (has_it && (found.empty() || found.back().backup != one.backup))
            found.push_back({one.backup});
    }
    return found;
}

// False only if the directory of archives can be read and has none of the guest.
bool may_have_archives(const LocalFiles& files, const Backup& backup, const std::string& guest) {
    const auto directory = files.find(backup.location);
    const auto names = directory ? files.host().list(directory->path)
                                 : Result<std::vector<std::string>>(fail(ErrorKind::absent, ""));
    return !names || std::ranges::any_of(*names, [&](const std::string& name) {
        return name.starts_with(fmt::format("vzdump-{}-", guest));
    });
}

}  // namespace

std::vector<PieceBackup> backups_of(const Piece& piece, bool ephemeral, const LocalFiles& files,
                                    const std::vector<CoveredPath>& covered,
                                    const std::vector<Backup>& backups) {
    std::vector<PieceBackup> found = by_paths(piece, ephemeral, covered);
    if (piece.guest.empty()) return found;
    std::erase_if(found, [&](const PieceBackup& one) {
        return one.backup->kind == BackupKind::vzdump ||
               (one.backup->kind == BackupKind::proxmox_backup && !piece.in_vzdump);
    });
    if (!piece.in_vzdump) return found;
    for (const Backup& backup : backups)
        if (backup.kind == BackupKind::vzdump && may_have_archives(files, backup, piece.guest))
            found.push_back({&backup, "", piece.guest});
    return found;
}

}  // namespace lastgood
