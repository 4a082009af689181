// Tests the parsers of small unencrypted files of borg and pgBackRest.
#include <doctest/doctest.h>

#include <string>

#include "collectors/backups/parse/borg_repository.hpp"
#include "collectors/backups/parse/ini.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"

using namespace lastgood;

TEST_CASE("INI files") {
    const auto lines = parse_ini(
        "# comment = 1\n; too = 1\nno section = 1\r\n[one]\nkey=value = more\nbroken\n\n[two]\n x "
        "= "
        "{\"a\":1} \n");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].section == "");
    CHECK(lines[0].value == "1");
    CHECK(lines[1].section == "one");
    CHECK(lines[1].key == "key");
    CHECK(lines[1].value == "value = more");
    CHECK(lines[2].section == "two");
    CHECK(lines[2].value == "{\"a\":1}");
    CHECK(parse_ini("").empty());
    CHECK(parse_ini("[").empty());
}

TEST_CASE("a borg repository's config") {
    const std::string id(64, 'e');
    const auto config = parse_borg_config(
        "[repository]\nversion = 1\nsegments_per_dir = 1000\nappend_only = 1\nid = " + id +
        "\nkey = hqlhbGdvcml0aG2m\n\tc2hhMjU2\n");
    REQUIRE(config);
    CHECK(config->id == id);
    CHECK(config->append_only);
    for (const std::string text :
         {"", "[cache]\nversion = 1\n", "[repository]\nversion = 1\nid = 12\n",
          "[repository]\nversion = 2\nid = "
          "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n"})
        CHECK_FALSE(parse_borg_config(text));
}

TEST_CASE("borg's locks and transactions") {
    const auto holder = parse_borg_lock("db-8.example.com@90520234567890.4711-0");
    REQUIRE(holder);
    CHECK(holder->host == "db-8.example.com");
    CHECK(holder->process == 4711);
    for (const char* name :
         {"", "host", "host@1.x-0", "host@1-0", "host.5-0", "a@b.-1-0", "host@1.99999999999999-0"})
        CHECK_FALSE(parse_borg_lock(name));
    CHECK(parse_borg_transaction("index.17", "index.") == 17);
    CHECK(parse_borg_transaction("4096", "") == 4096);
    CHECK_FALSE(parse_borg_transaction("index.17.tmp", "index."));
    CHECK_FALSE(parse_borg_transaction("index.", "index."));
    CHECK_FALSE(parse_borg_transaction("hints.17", "index."));
}

namespace {

const std::string backup_info = R"([backup:current]
20261119-031501F={"backrest-format":5,"backrest-version":"2.45","backup-archive-start":"000000010000000000000003","backup-error":false,"backup-info-repo-size":3970793,"backup-info-size":32230330,"backup-timestamp-start":1795058101,"backup-timestamp-stop":1795058140,"backup-type":"full"}
20261119-031501F_20261120-031502I={"backrest-format":5,"backup-error":true,"backup-info-size":32230999,"backup-timestamp-start":1795144502,"backup-timestamp-stop":1795144510,"backup-type":"incr"}

[db]
db-id=1

[backrest]
backrest-checksum="0123456789012345678901234567890123456789"
backrest-format=5
backrest-version="2.45"
)";

}  // namespace

TEST_CASE("pgBackRest's backup.info") {
    const auto backups = parse_pgbackrest_backup_info(backup_info);
    REQUIRE(backups);
    REQUIRE(backups->size() == 2);
    CHECK((*backups)[0].label == "20261119-031501F");
    CHECK((*backups)[0].type == "full");
    CHECK((*backups)[0].stop == 1795058140);
    CHECK((*backups)[0].size == 32230330);
    CHECK_FALSE((*backups)[0].error);
    CHECK((*backups)[1].type == "incr");
    CHECK((*backups)[1].error);
    const auto none =
        parse_pgbackrest_backup_info("[backrest]\nbackrest-format=5\n[db]\ndb-id=1\n");
    REQUIRE(none);
    CHECK(none->empty());
}

TEST_CASE("files that are not a backup.info") {
    CHECK_FALSE(parse_pgbackrest_backup_info(""));
    CHECK_FALSE(parse_pgbackrest_backup_info("Salted__\x01\x02"));
    CHECK(is_pgbackrest_encrypted("Salted__\x01\x02"));
    CHECK_FALSE(parse_pgbackrest_backup_info(
        "[backrest]\nbackrest-format=5\n[backup:current]\n20261119-031501F={\"backup-ty\n"));
    CHECK_FALSE(parse_pgbackrest_backup_info(
        "[backrest]\nbackrest-format=5\n[backup:current]\n20261119-031501F={}\n"));
    CHECK_FALSE(parse_pgbackrest_backup_info(
        "[backrest]\nbackrest-format=5\n[backup:current]\nx={\"backup-timestamp-stop\":\"1\"}\n"));
}

TEST_CASE("pgBackRest's labels") {
    Timestamp time = 0;
    CHECK(parse_pgbackrest_label("20261119-031501F", time));
    CHECK(time == from_civil_local(2026, 11, 19, 3, 15, 1));
    CHECK(parse_pgbackrest_label("20261119-031501F_20261120-031502D", time));
    CHECK(time == from_civil_local(2026, 11, 20, 3, 15, 2));
    CHECK(parse_pgbackrest_label("20261119-031501F_20261120-031502I", time));
    for (const char* name :
         {"", "latest", "20261119-031501", "20261119-031501D", "20261199-031501F",
          "20261119-031501F_20261120-031502F", "20261119-031501F-20261120-031502I"})
        CHECK_FALSE(parse_pgbackrest_label(name, time));
}
