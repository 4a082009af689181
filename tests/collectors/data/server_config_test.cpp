// Tests where database servers keep their data, by their arguments and their configurations.
#include "collectors/data/parse/server_config.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lastgood;

namespace {

// Arguments with spaces between them, and what they say: "DIRECTORY CONFIG".
std::string said(std::string_view program, std::string line) {
    std::ranges::replace(line, ' ', '\0');
    const auto found = parse_server_arguments(program, line);
    return found.directory + (found.config.empty() ? "" : " " + found.config);
}

}  // namespace

TEST_CASE("arguments of servers") {
    CHECK(said("postgres",
               "/usr/lib/postgresql/15/bin/postgres -D /data/pg -c "
               "config_file=/etc/postgresql/15/main/postgresql.conf") ==
          "/data/pg /etc/postgresql/15/main/postgresql.conf");
    CHECK(said("postgres", "postgres -D/data/pg -k /run") == "/data/pg");
    CHECK(said("postgres", "postgres --data-directory=/data/pg") == "/data/pg");
    CHECK(said("postgres", "postgres -c data_directory=/data/pg") == "/data/pg");
    CHECK(said("postgres", "postgres -D data").empty());
    CHECK(said("postgres", "postgres -D").empty());
    CHECK(said("mysqld", "/usr/sbin/mysqld --basedir=/usr --datadir=/data/my --user=mysql") ==
          "/data/my");
    CHECK(said("mariadbd", "mariadbd --defaults-file=/opt/my.cnf") == " /opt/my.cnf");
    CHECK(said("mongod", "/usr/bin/mongod --config /etc/mongod.conf --fork") ==
          " /etc/mongod.conf");
    CHECK(said("mongod", "mongod --dbpath /data/m -f /m.conf") == "/data/m /m.conf");
    CHECK(said("redis-server", "redis-server /etc/redis/a.conf") == " /etc/redis/a.conf");
    CHECK(said("redis-server", "/usr/bin/redis-server 127.0.0.1:6379").empty());
    CHECK(said("valkey-server", "valkey-server --dir /data/v") == "/data/v");
    CHECK(said("influxd", "influxd -config /etc/influxdb/influxdb.conf").empty());
    CHECK(said("mongod", "").empty());
}

TEST_CASE("helpers of PostgreSQL have no arguments") {
    CHECK(parse_server_arguments("postgres", "postgres: 15/main: checkpointer ").is_helper);
    CHECK(parse_server_arguments("postgres", std::string("postgres: walwriter\0\0", 20)).is_helper);
    CHECK_FALSE(parse_server_arguments("postgres", "postgres").is_helper);
    CHECK_FALSE(parse_server_arguments("mariadbd", "postgres: ").is_helper);
}

TEST_CASE("configurations of servers") {
    CHECK(data_directory_in(ServerConfig::postgresql,
                            "# data_directory = '/no'\n"
                            "data_directory = '/data/pg'\t# use data in another directory\n"
                            "data_directory_mode = 0700\n"
                            "hba_file = '/etc/postgresql/15/main/pg_hba.conf'\n") == "/data/pg");
    CHECK(data_directory_in(ServerConfig::postgresql, "data_directory '/data/pg'\n") == "/data/pg");
    CHECK(data_directory_in(ServerConfig::postgresql, "data_directory = 'ConfigDir'\n").empty());
    CHECK(data_directory_in(ServerConfig::mysql,
                            "[client]\ndatadir=/no\n[mysqld]\n#datadir = /no\n"
                            "datadir\t\t= /data/my # here\n[mysqldump]\n") == "/data/my");
    CHECK(data_directory_in(ServerConfig::mysql, "[mariadb-10.11]\ndatadir=\"/data/m y\"\n") ==
          "/data/m y");
    CHECK(data_directory_in(ServerConfig::mysql, "[mariadb_backup]\ndatadir=/no\n").empty());
    CHECK(data_directory_in(ServerConfig::mysql, "[").empty());
    CHECK(data_directory_in(ServerConfig::mongodb,
                            "systemLog:\n  path: /no\nstorage:\n  # dbPath: /no\n"
                            "  dbPath: /data/mongo\n  journal:\n    enabled: true\n"
                            "net:\n  dbPath: /no\n") == "/data/mongo");
    CHECK(data_directory_in(ServerConfig::mongodb, "storage.dbPath: \"/data/mongo\"\n") ==
          "/data/mongo");
    CHECK(data_directory_in(ServerConfig::mongodb, "dbpath=/data/mongo\nlogpath=/no\n") ==
          "/data/mongo");
    CHECK(data_directory_in(ServerConfig::redis,
                            "# dir /no\ndir /var/lib/redis\nappenddirname \"x\"\ndir /data/r\n") ==
          "/data/r");
    CHECK(data_directory_in(ServerConfig::redis, "dir ./\n").empty());
    CHECK(data_directory_in(ServerConfig::elasticsearch,
                            "cluster.name: x\npath.data: /data/es\npath.logs: /no\n") ==
          "/data/es");
    CHECK(data_directory_in(ServerConfig::elasticsearch,
                            "path:\n  logs: /no\n  data: /data/es\nnode:\n  data: /no\n") ==
          "/data/es");
    CHECK(data_directory_in(ServerConfig::none, "dir /x\n").empty());
}
