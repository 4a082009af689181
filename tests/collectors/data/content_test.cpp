// Tests whether copies of a database are dumps or its files.
#include <doctest/doctest.h>

#include "collectors/data/parse/copy_content.hpp"
#include "tests/collectors/data/scene.hpp"

using namespace lastgood;
using Scene = test::DataScene;

namespace {

std::string tar(const std::string& first_name) {
    std::string header = first_name;
    header.resize(512, '\0');
    header.replace(257, 5, "ustar");
    return header + std::string(1024, '\0');
}

// What a backup of files has of a running database whose directory it names.
std::string content(const std::string& location, const std::string& file,
                    const std::string& text = "x",
                    const std::string& covered = "/var/lib/postgresql") {
    Scene scene;
    scene.postgresql("/var/lib/postgresql/15/main");
    scene.file(file, text);
    scene.covers("it", {covered}, location);
    scene.config.backups.front().kind = BackupKind::files;
    scene.found();
    return scene.label(metric::data_backup, "postgresql /var/lib/postgresql/15/main", "content");
}

}  // namespace

TEST_CASE("names of dumps") {
    for (const char* name : {"db-*.sql", "db.sql.gz", "a.dump", "a.dump.zst.gpg", "dump.rdb.gz"})
        CHECK_MESSAGE(content_by_name(name) == Content::database, name);
    for (const char* name : {"", "db.tar.gz", "*", "db.zip", "sql", "db.sql.gz.part"})
        CHECK_MESSAGE(content_by_name(name) == Content::unknown, name);
}

TEST_CASE("first bytes of copies") {
    for (const char* head :
         {"PGDMP\1\16", "--\n-- PostgreSQL database dump\n--\n",
          "/*!999999\\- enable the sandbox mode */ \n-- MariaDB dump", "REDIS0010"})
        CHECK_MESSAGE(content_by_head(head) == Content::database, head);
    CHECK(content_by_head(tar("toc.dat")) == Content::database);
    CHECK(content_by_head(tar("backup_label")) == Content::database);
    CHECK(content_by_head(tar("./shop.sql")) == Content::database);
    CHECK(content_by_head(tar("main/PG_VERSION")) == Content::files);
    CHECK(content_by_head(tar("var/lib/mysql/ibdata1")) == Content::files);
    CHECK(content_by_head(tar("var/lib/mysql/")) == Content::unknown);
    CHECK(content_by_head("") == Content::unknown);
    CHECK(content_by_head("\x1f\x8b") == Content::unknown);
}

TEST_CASE("directories of copies") {
    CHECK(content_by_names({"PG_VERSION", "base"}) == Content::files);
    CHECK(content_by_names({"PG_VERSION", "backup_label"}) == Content::database);
    CHECK(content_by_names({"3001.dat.gz", "toc.dat"}) == Content::database);
    CHECK(content_by_names({"shop.sql.gz"}) == Content::database);
    CHECK(content_by_names({}) == Content::unknown);
}

TEST_CASE("of a backup of files the last copy tells") {
    CHECK(content("/backup/db-*.sql.gz", "/backup/db-1.sql.gz") == "database");
    CHECK(content("/backup/db-*.sql.gz", "/backup/other") == "database");
    CHECK(content("/backup/db-*", "/backup/db-1", "PGDMP") == "database");
    CHECK(content("/backup/db-*.tar", "/backup/db-1.tar", tar("main/PG_VERSION")) == "files");
    CHECK(content("/backup/db-*.tar.gz", "/backup/db-1.tar.gz") == "unknown");
    CHECK(content("/backup/db/*", "/backup/db/1/PG_VERSION") == "files");
    CHECK(content("/srv/nfs/db-*", "/srv/nfs/db-1", "PGDMP") == "unknown");
}

TEST_CASE("a backup of much else has the database's files, whatever its copies are called") {
    for (const char* much : {"/", "/var", "/var/lib"})
        CHECK_MESSAGE(content("/backup/db-*.sql", "/backup/db-1.sql", "x", much) == "files", much);
}
