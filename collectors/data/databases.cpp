// Databases. A directory that a backup tool wrote looks like one: the marker beside it tells.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/data/find.hpp"
#include "collectors/data/parse/server_config.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// A database that is known by names in its directory.
struct Database {
    std::string_view kind, title;
    std::vector<std::string_view> programs = {};   // that work in it
    std::vector<std::string_view> directories;     // default places; "*" stands for any name
    std::vector<std::string_view> markers;         // all of these lie in it
    std::vector<std::string_view> of_copies = {};  // any of these: it is a copy that a tool made
    bool files_are_sound = false;  // it renames whole files into place: they may be copied
    ServerConfig form = ServerConfig::none;
    std::vector<std::string_view> configs = {};  // that may name another directory
    std::string_view running = {};               // a file in it: the first line is its process
};

const std::vector<Database>& databases() {
    static const std::vector<Database> all = {
        {.kind = "postgresql",
         .title = "PostgreSQL data",
         .programs = {"postgres"},
         .directories = {"/var/lib/postgresql/*/*", "/var/lib/postgresql/data",
                         "/var/lib/pgsql/data", "/var/lib/pgsql/*/data"},
         .markers = {"PG_VERSION", "global/pg_control"},
         .of_copies = {"backup_label"},
         .form = ServerConfig::postgresql,
         .configs = {"/etc/postgresql/*/*/postgresql.conf"},
         .running = "postmaster.pid"},
        {.kind = "mariadb",
         .title = "MariaDB data",
         .programs = {"mariadbd", "mysqld"},
         .directories = {"/var/lib/mysql"},
         .markers = {"ibdata1", "aria_log_control"},
         .of_copies = {"xtrabackup_info", "xtrabackup_checkpoints", "mariadb_backup_info",
                       "mariadb_backup_checkpoints"},
         .form = ServerConfig::mysql,
         .configs = {"/etc/my.cnf", "/etc/my.cnf.d/*", "/etc/mysql/my.cnf", "/etc/mysql/conf.d/*",
                     "/etc/mysql/mariadb.conf.d/*"}},
        {.kind = "mysql",
         .title = "MySQL data",
         .programs = {"mysqld"},
         .directories = {"/var/lib/mysql"},
         .markers = {"ibdata1", "auto.cnf"},
         .of_copies = {"xtrabackup_info", "xtrabackup_checkpoints"},
         .form = ServerConfig::mysql,
         .configs = {"/etc/my.cnf", "/etc/my.cnf.d/*", "/etc/mysql/my.cnf", "/etc/mysql/conf.d/*",
                     "/etc/mysql/mysql.conf.d/*"}},
        {.kind = "mongodb",
         .title = "MongoDB data",
         .programs = {"mongod"},
         .directories = {"/var/lib/mongodb", "/var/lib/mongo", "/data/db"},
         .markers = {"WiredTiger", "WiredTiger.wt"},
         .form = ServerConfig::mongodb,
         .configs = {"/etc/mongod.conf", "/etc/mongodb.conf"}},
        {.kind = "influxdb",
         .title = "InfluxDB data",
         .programs = {"influxd"},
         .directories = {"/var/lib/influxdb"},
         .markers = {"meta/meta.db", "data"}},
        {.kind = "influxdb",
         .title = "InfluxDB data",
         .programs = {"influxd"},
         .directories = {"/var/lib/influxdb", "/var/lib/influxdb2"},
         .markers = {"influxd.bolt", "engine"}},
    };
    return all;
}

// More of them: their files are sound, or no process tells that it is one of them.
const std::vector<Database>& more_databases() {
    static const std::vector<Database> all = [] {
        std::vector<Database> some;
        for (const std::string_view marker : {"dump.rdb", "appendonlydir"}) {
            some.push_back({.kind = "redis",
                            .title = "Redis data",
                            .programs = {"redis-server"},
                            .directories = {"/var/lib/redis"},
                            .markers = {marker},
                            .files_are_sound = true,
                            .form = ServerConfig::redis,
                            .configs = {"/etc/redis/*", "/etc/redis.conf"}});
            some.push_back({.kind = "valkey",
                            .title = "Valkey data",
                            .programs = {"valkey-server"},
                            .directories = {"/var/lib/valkey"},
                            .markers = {marker},
                            .files_are_sound = true,
                            .form = ServerConfig::redis,
                            .configs = {"/etc/valkey/*"}});
        }
        for (const std::string_view marker : {"nodes/0/_state", "_state"}) {
            some.push_back({.kind = "elasticsearch",
                            .title = "Elasticsearch data",
                            .directories = {"/var/lib/elasticsearch"},
                            .markers = {marker},
                            .form = ServerConfig::elasticsearch,
                            .configs = {"/etc/elasticsearch/elasticsearch.yml"}});
            some.push_back({.kind = "opensearch",
                            .title = "OpenSearch data",
                            .directories = {"/var/lib/opensearch"},
                            .markers = {marker},
                            .form = ServerConfig::elasticsearch,
                            .configs = {"/etc/opensearch/opensearch.yml"}});
        }
        return some;
    }();
    return all;
}

}  // namespace

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

namespace {

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
                       .is_database = !database.files_are_sound,
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

Piece* piece_around(std::vector<Piece>& pieces, const Place& place) {
    const auto found = std::ranges::find_if(pieces, [&](const Piece& piece) {
        const auto has = [&](const std::string& name) { return lies_below(place.path, name); };
        return !piece.is_database && piece.place.mount->number == place.mount->number &&
               lies_below(place.inside(), piece.place.inside()) &&
               std::ranges::none_of(piece.without, has);
    });
    return found == pieces.end() ? nullptr : &*found;
}

namespace {

// By the file that the server leaves in its directory while it runs. nullopt: it has none, or that
// cannot be read.
std::optional<bool> is_running(const LocalFiles& files, const Database& database,
                               const std::string& path) {
    const auto place = database.running.empty() ? std::nullopt : files.find(path);
    if (!place) return std::nullopt;
    const auto process =
        files.host().read_line(fmt::format("{}/{}", place->path, database.running));
    if (!process)
        return process.error().kind == ErrorKind::absent ? std::optional(false) : std::nullopt;
    const auto program = files.host().read_line(fmt::format("/proc/{}/comm", *process));
    return program && contains(database.programs, *program);
}

std::vector<std::string> configured(const LocalFiles& files, const Database& database) {
    std::vector<std::string> found;
    for (const std::string_view pattern : database.configs)
        for (const std::string& path : expand(files, pattern)) {
            const auto file = files.find(path);
            const auto text = file ? files.host().read(file->path)
                                   : Result<std::string>(fail(ErrorKind::absent, ""));
            std::string directory = data_directory_in(database.form, text.value_or(""));
            if (!directory.empty()) found.push_back(std::move(directory));
        }
    return found;
}

void find_one(const LocalFiles& files, const ServerDirectories& servers, const Database& database,
              std::vector<Piece>& pieces) {
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
    std::vector<std::string> paths = configured(files, database);
    for (const std::string_view pattern : database.directories)
        for (std::string& path : expand(files, pattern)) paths.push_back(std::move(path));
    for (const std::string& path : paths)
        look_at(files, database, path, is_running(files, database, path).value_or(somewhere),
                pieces);
}

}  // namespace

void find_databases(const LocalFiles& files, const ServerDirectories& servers,
                    std::vector<Piece>& pieces) {
    for (const Database& database : databases()) find_one(files, servers, database, pieces);
    for (const Database& database : more_databases()) find_one(files, servers, database, pieces);
}

}  // namespace lastgood
