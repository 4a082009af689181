// Tests what names of files promise, on the first bytes of dumps and of what is none.
#include "collectors/backups/parse/promised_content.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lastgood;

TEST_CASE("a name that ends like SQL promises SQL") {
    for (const char* text :
         {"-- a comment\nselect 1;\n", "DROP TABLE IF EXISTS `t`;\n", "insert into t values (1);",
          "/*!40101 SET NAMES utf8 */;\n", "PRAGMA foreign_keys=OFF;\n",
          "mysqldump: [Warning] Using a password\n  CREATE TABLE t (a int);\n"})
        CHECK_MESSAGE(broken_promise("db-2026-11-24.sql", text).empty(), text);
    for (const char* text :
         {"the input device is not a TTY\n", "OCI runtime exec failed: exec failed\n", "x", "",
          "<!DOCTYPE html>\n<style>\n/* a page */\n</style>\n", "PGDMQ\x01\x02"}) {
        CHECK_FALSE_MESSAGE(broken_promise("db.sql", text).empty(), text);
        CHECK_FALSE_MESSAGE(broken_promise_within("db.sql.gz", text).empty(), text);
    }
    CHECK(broken_promise("db.bin", "x").empty());
    CHECK(broken_promise_within("db.gz", "x").empty());
}

TEST_CASE("endings of compression, tar and dump") {
    CHECK_FALSE(broken_promise("db.sql.gz", "-- SQL\n").empty());
    CHECK_FALSE(broken_promise("etc.tgz", "x").empty());
    CHECK_FALSE(broken_promise("etc.tar", "x").empty());
    CHECK_FALSE(broken_promise_within("etc.tar.zst", "x").empty());
    CHECK_FALSE(broken_promise_within("etc.tgz", "x").empty());
    CHECK_FALSE(broken_promise("db.dump", "Error: no such container\n").empty());
    CHECK(broken_promise("db.dump", "CREATE TABLE t (a int);\n").empty());
    CHECK(broken_promise("neo4j.dump", "DZV1\x01\x02").empty());
    CHECK(broken_promise("db.sql.gpg", "\x8c\x0d").empty());
    CHECK_FALSE(broken_promise_within("db.gz", "\x1F\x8B\x08\x01").empty());
}
