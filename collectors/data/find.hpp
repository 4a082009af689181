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
// The piece that has the place as a part, or at all; nullptr: none. Databases have none.
Piece* piece_around(std::vector<Piece>& pieces, const Place& place);
void find_databases(const LocalFiles& files, const ServerDirectories& servers,
                    std::vector<Piece>& pieces);
// SQLite files of a size in /var/lib and /srv.
void find_sqlite(const LocalFiles& files, std::vector<Piece>& pieces);
// The directories that the pattern names; "*" is one whole component.
std::vector<std::string> expand(const LocalFiles& files, std::string_view pattern);
// Whether its CACHEDIR.TAG says that all of it can be made anew.
bool is_cache(const LocalFiles& files, const Place& directory);
// Whether something lies there itself, down to some levels: not on other filesystems, and no
// backups, which are added to `without`.
bool has_data(const LocalFiles& files, const Place& directory, const std::vector<Backup>& backups,
              std::vector<std::string>& without, int levels = 1);
// Home directories, /srv, web sites, mail, guests. The places of backups in them are none.
void find_directories(const LocalFiles& files, const std::vector<Backup>& backups,
                      std::vector<Piece>& pieces);
// What containers keep on this host: named volumes, and directories of the host that they may write
// to. Not what is part of a piece that is already there.
void find_containers(const LocalFiles& files, const std::vector<Backup>& backups,
                     std::vector<Piece>& pieces);
// Disks of guests, as the configurations of libvirt and Proxmox VE name them. Not what is part of a
// piece that is already there, unless vzdump leaves it out.
void find_guests(const LocalFiles& files, const std::vector<Backup>& backups,
                 std::vector<Piece>& pieces);
// What the configuration names: by the setting `precious`, by [[declared_elsewhere]].
struct NamedData {
    std::string_view kind, title;
    bool is_precious = false;
};
inline constexpr NamedData precious_data{"precious", "precious data", true};
inline constexpr NamedData declared_data{"declared", "data", false};
void find_named(const LocalFiles& files, const std::vector<std::string>& paths,
                const NamedData& named, std::vector<Piece>& pieces);
// All else that lies on filesystems that are lost with the machine, `ephemeral`. Not swap files.
inline constexpr NamedData temporary_data{"temporary", "files", false};
inline constexpr double least_temporary = 64 * 1048576.0;  // bytes; less may be a trial
void find_temporary(const LocalFiles& files, const std::vector<const Mount*>& ephemeral,
                    const std::vector<Backup>& backups, std::vector<Piece>& pieces);

}  // namespace lastgood
