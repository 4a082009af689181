// What a backup has of a piece of data: its files, or what the database itself gave.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/data/local.hpp"
#include "collectors/data/parse/copy_content.hpp"
#include "collectors/data/piece.hpp"
#include "core/config.hpp"
#include "core/coverage.hpp"

namespace lastgood {

std::string_view to_string(Content content);

// Of a database: files of a tool that walks directories are only its files; what tools of databases
// and of guests make is the database's own. Of a backup of files that names the database's
// directory the copy that sorts last tells by its name and its first bytes: a dump, or an archive
// of the files. `covered`: the paths of all backups.
Content content_of(const Backup& backup, const Piece& piece, const LocalFiles& files,
                   const std::vector<CoveredPath>& covered);

}  // namespace lastgood
