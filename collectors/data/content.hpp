// What a backup has of a piece of data: its files, or what the database itself gave. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/data/piece.hpp"
#include "core/config.hpp"
#include "core/coverage.hpp"

namespace lastgood {

enum class Content { files, database, unknown };
std::string_view to_string(Content content);

// Of a database: files of a tool that walks directories are only its files; what tools of databases
// and of guests make is the database's own, and so are files of a backup that names the database's
// directory: dumps. `covered`: the paths of all backups.
Content content_of(const Backup& backup, const Piece& piece,
                   const std::vector<CoveredPath>& covered);

}  // namespace lastgood
