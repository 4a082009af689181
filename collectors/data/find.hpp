// Finds the data on this host that is worth a backup: in default directories, by what lies in them,
// and where database servers work. No disk is walked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/data/local.hpp"
#include "collectors/data/piece.hpp"
#include "collectors/data/servers.hpp"
#include "core/config.hpp"

namespace lastgood {

// Each adds what it finds; add_piece() drops what is already there.
void add_piece(std::vector<Piece>& pieces, Piece piece);
void find_databases(const LocalFiles& files, const ServerDirectories& servers,
                    std::vector<Piece>& pieces);
// SQLite files of a size in /var/lib and /srv.
void find_sqlite(const LocalFiles& files, std::vector<Piece>& pieces);
// The directories that the pattern names; "*" is one whole component.
std::vector<std::string> expand(const LocalFiles& files, std::string_view pattern);
// Whether its CACHEDIR.TAG says that all of it can be made anew.
bool is_cache(const LocalFiles& files, const Place& directory);
// Home directories, /srv, web sites, mail, guests, volumes of containers. The places of backups in
// them are none.
void find_directories(const LocalFiles& files, const std::vector<Backup>& backups,
                      std::vector<Piece>& pieces);
void find_precious(const LocalFiles& files, const std::vector<std::string>& paths,
                   std::vector<Piece>& pieces);

}  // namespace lastgood
