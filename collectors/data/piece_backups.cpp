#include "collectors/data/piece_backups.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "collectors/data/vzdump_logs.hpp"
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

// Of the filesystem itself, and snapshots of what lies beside them.
bool is_no_data(std::string_view name) {
    return name == "lost+found" || name == ".snapshots" || name == ".zfs";
}

class Parts {
  public:
    Parts(const Piece& piece, bool ephemeral, const LocalFiles& files,
          const std::vector<CoveredPath>& covered)
        : piece_(piece), ephemeral_(ephemeral), files_(files), covered_(covered) {}

    bool have_all_in(const Place& directory, int levels) {
        const auto names = files_.host().list(directory.path);
        if (!names || (levels < 0 && !names->empty())) return false;
        for (const std::string& name : *names) {
            const Place inner{fmt::format("{}/{}", directory.path, name), directory.mount};
            if (is_no_data(name) || contains(piece_.without, inner.path)) continue;
            if (has_all(inner)) continue;
            if (names_left_-- == 0 || !has_nothing_else(inner, levels)) return false;
        }
        return true;
    }

  private:
    bool has_all(const Place& place) const {
        return std::ranges::any_of(backups_of(place, ephemeral_, covered_),
                                   [](const CoveringBackup& one) { return one.part.empty(); });
    }
    // What no backup has as a whole.
    bool has_nothing_else(const Place& place, int levels) {
        const auto status = files_.status(place.path);
        if (!status || status->kind == FileKind::symlink) return true;
        if (status->kind != FileKind::directory) return false;
        const auto inner = files_.find(place.path);
        if (!inner || inner->mount != place.mount) return true;
        return have_all_in(*inner, levels - 1);
    }

    const Piece& piece_;
    bool ephemeral_;
    const LocalFiles& files_;
    const std::vector<CoveredPath>& covered_;
    int names_left_ = 10'000;
};

}  // namespace

bool have_only_a_part(const Piece& piece, const std::vector<PieceBackup>& found, bool ephemeral,
                      const LocalFiles& files, const std::vector<CoveredPath>& covered) {
    constexpr int levels = 3;
    if (std::ranges::any_of(found, [](const PieceBackup& one) { return one.part.empty(); }))
        return false;
    return !Parts(piece, ephemeral, files, covered).have_all_in(piece.place, levels);
}

std::vector<PieceBackup> backups_of(const Piece& piece, bool ephemeral, const LocalFiles& files,
                                    const std::vector<CoveredPath>& covered,
                                    const std::vector<Backup>& backups) {
    std::vector<PieceBackup> found = by_paths(piece, ephemeral, covered);
    if (piece.guest.empty()) return found;
    std::erase_if(found, [&](const PieceBackup& one) {
        return one.backup->kind == BackupKind::vzdump ||
               (one.backup->kind == BackupKind::proxmox_backup && !piece.in_vzdump);
    });
    for (const Backup& backup : backups) {
        if (backup.kind != BackupKind::vzdump) continue;
        const auto told = is_in_archive(files, backup, piece.guest, piece.volume);
        if (told ? *told : piece.in_vzdump && may_have_archives(files, backup, piece.guest))
            found.push_back({&backup, "", piece.guest});
    }
    return found;
}

}  // namespace lastgood
