// Databases. A directory that a backup tool wrote looks like one: the marker beside it tells.
#include <fmt/format.h>

#include <algorithm>

#include "collectors/data/find.hpp"

namespace lastgood {

namespace {

// A database that is known by names in its directory.
struct Database {
    std::string_view kind, title;
    std::vector<std::string_view> programs;     // that work in it
    std::vector<std::string_view> directories;  // default places; "*" stands for any name
    std::vector<std::string_view> markers;      // all of these lie in it
    std::vector<std::string_view> of_copies;    // any of these: it is a copy that a tool made
};

const std::vector<Database>& databases() {
    static const std::vector<Database> all = {
        {.kind = "postgresql",
         .title = "PostgreSQL data",
         .programs = {"postgres"},
         .directories = {"/var/lib/postgresql/*/*", "/var/lib/postgresql/data",
                         "/var/lib/pgsql/data", "/var/lib/pgsql/*/data"},
         .markers = {"PG_VERSION", "global/pg_control"},
         .of_copies = {"backup_label"}},
        {.kind = "mariadb",
         .title = "MariaDB data",
         .programs = {"mariadbd", "mysqld"},
         .directories = {"/var/lib/mysql"},
         .markers = {"ibdata1", "aria_log_control"},
         .of_copies = {"xtrabackup_info", "xtrabackup_checkpoints", "mariadb_backup_info",
                       "mariadb_backup_checkpoints"}},
        {.kind = "mysql",
         .title = "MySQL data",
         .programs = {"mysqld"},
         .directories = {"/var/lib/mysql"},
         .markers = {"ibdata1", "auto.cnf"},
         .of_copies = {"xtrabackup_info", "xtrabackup_checkpoints"}},
    };
    return all;
}

// The directories that the pattern names; "*" is one whole component.
std::vector<std::string> expand(const LocalFiles& files, std::string_view pattern) {
    const size_t star = pattern.find("/*");
    if (star == pattern.npos) return {std::string(pattern)};
    const auto above = files.find(std::string(pattern.substr(0, star)));
    if (!above) return {};
    std::vector<std::string> found;
    for (const std::string& name : files.names(*above))
        for (std::string& path :
             expand(files, fmt::format("{}/{}{}", above->path, name, pattern.substr(star + 2))))
            found.push_back(std::move(path));
    return found;
}

void look_at(const LocalFiles& files, const Database& database, const std::string& path,
             bool is_running, std::vector<Piece>& pieces) {
    const auto place = files.find(path);
    if (!place) return;
    const auto has = [&](std::string_view name) { return files.has(*place, name); };
    if (!std::ranges::all_of(database.markers, has)) return;
    // A server may run on what was once restored from a copy.
    if (!is_running && std::ranges::any_of(database.of_copies, has)) return;
    add_piece(pieces, {.kind = std::string(database.kind),
                       .title = std::string(database.title),
                       .place = *place,
                       .is_database = true,
                       .is_running = is_running});
}

}  // namespace

void add_piece(std::vector<Piece>& pieces, Piece piece) {
    const auto known = std::ranges::find_if(
        pieces, [&](const Piece& other) { return other.place.path == piece.place.path; });
    if (known == pieces.end())
        pieces.push_back(std::move(piece));
    else
        known->is_precious = known->is_precious || piece.is_precious;
}

void find_databases(const LocalFiles& files, const ServerDirectories& servers,
                    std::vector<Piece>& pieces) {
    for (const Database& database : databases()) {
        bool somewhere = false;  // a server runs, and it is not known in which directory
        for (const std::string_view program : database.programs) {
            const auto running = servers.find(std::string(program));
            if (running == servers.end()) continue;
            for (const std::string& path : running->second) {
                if (path.empty())
                    somewhere = true;
                else
                    look_at(files, database, path, true, pieces);
            }
        }
        for (const std::string_view pattern : database.directories)
            for (const std::string& path : expand(files, pattern))
                look_at(files, database, path, somewhere, pieces);
    }
}

}  // namespace lastgood
