// The backups that have a piece of data.
#pragma once

#include <string>
#include <vector>

#include "collectors/data/local.hpp"
#include "collectors/data/piece.hpp"
#include "core/coverage.hpp"

namespace lastgood {

struct PieceBackup {
    const Backup* backup = nullptr;  // never null
    std::string part = {};           // "/etc, /home"; "": all of it
    std::string stream = {};         // the one of the backup's streams that has it; "": not known

    // As in metrics.
    std::string name() const { return stream.empty() ? backup->name : backup->name + "/" + stream; }
};

// By the paths in `covers`, and a disk of a Proxmox guest by the archives of that guest: vzdump
// takes what its configuration says. What a tool that walks directories has of a block device is
// its name: only paths below /dev count.
std::vector<PieceBackup> backups_of(const Piece& piece, bool ephemeral, const LocalFiles& files,
                                    const std::vector<CoveredPath>& covered,
                                    const std::vector<Backup>& backups);

// Whether the backups together, `found` by backups_of(), have only a part of it: something lies in
// it, down to some levels, that none has. Empty directories and places of backups are nothing.
bool have_only_a_part(const Piece& piece, const std::vector<PieceBackup>& found, bool ephemeral,
                      const LocalFiles& files, const std::vector<CoveredPath>& covered);

}  // namespace lastgood
