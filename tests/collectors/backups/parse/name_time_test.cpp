#include "collectors/backups/parse/name_time.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

void check_utc(std::string_view name, std::string_view expected) {
    CAPTURE(std::string(name));
    const auto found = find_time_in_name(name);
    REQUIRE(found);
    CHECK(format_time(found->time) == expected);
}

void check_local(std::string_view name, int year, int month, int day, int hour, int minute,
                 int second) {
    CAPTURE(std::string(name));
    const auto found = find_time_in_name(name);
    REQUIRE(found);
    CHECK_FALSE(found->whole_day);
    CHECK(found->time == from_civil_local(year, month, day, hour, minute, second));
}

void check_day(std::string_view name, int year, int month, int day) {
    CAPTURE(std::string(name));
    const auto found = find_time_in_name(name);
    REQUIRE(found);
    CHECK(found->whole_day);
    CHECK(found->time == from_civil_local(year, month, day, 0, 0, 0));
}

}  // namespace

TEST_CASE("times with a zone") {
    check_utc("2026-11-21T03:15:00Z", "2026-11-21 03:15:00 UTC");
    check_utc("db-2026-11-21T03:15:00+02:00.sql", "2026-11-21 01:15:00 UTC");
    check_utc("db_20261121T031500Z.manifest.gpg", "2026-11-21 03:15:00 UTC");
    check_utc("duplicity-inc.20261119T010203Z.to.20261121T031500Z.manifest",
              "2026-11-21 03:15:00 UTC");
    check_utc("2026-11-21T03:15:00.123456Z", "2026-11-21 03:15:00 UTC");
    check_utc("20261121-031500-0500.tar", "2026-11-21 08:15:00 UTC");
    check_utc("20261121-031500+1400.tar", "2026-11-20 13:15:00 UTC");  // the easternmost zone
    check_local("20261121-031500+1500.tar", 2026, 11, 21, 3, 15, 0);   // not an offset
    check_utc("20261121-031500+0545.tar", "2026-11-20 21:30:00 UTC");  // Nepal
    // Process ids.
    check_local("db-20261124-120000-1430.sql", 2026, 11, 24, 12, 0, 0);
    check_local("db-20261124-120000-0630.sql", 2026, 11, 24, 12, 0, 0);
    check_local("db-20261124-120000-1300.sql", 2026, 11, 24, 12, 0, 0);
    check_utc("base.1795230900", "2026-11-21 03:15:00 UTC");
    check_utc("base-1795230900123.tgz", "2026-11-21 03:15:00 UTC");
}

TEST_CASE("local times") {
    check_local("db8-2026-11-21_03-15-07.sql.zst", 2026, 11, 21, 3, 15, 7);
    check_local("vzdump-qemu-100-2026_11_21-03_15_07.vma.zst", 2026, 11, 21, 3, 15, 7);
    check_local("dump_20261121-031507", 2026, 11, 21, 3, 15, 7);
    check_local("dump20261121031507.gz", 2026, 11, 21, 3, 15, 7);
    check_local("dump-202611210315.gz", 2026, 11, 21, 3, 15, 0);
    check_local("dump-2026112103.gz", 2026, 11, 21, 3, 0, 0);
    check_local("20261121-031507F_20261122-040000I", 2026, 11, 22, 4, 0, 0);
    check_local("2026-11-21 03:15.sql", 2026, 11, 21, 3, 15, 0);
    check_local("2026-11-21_03h15m07.sql", 2026, 11, 21, 3, 15, 7);
    check_local("db-2026.11.21-03.15.07.7z", 2026, 11, 21, 3, 15, 7);
    check_local("13.6-dev-20261121_0315.dump", 2026, 11, 21, 3, 15, 0);
}

TEST_CASE("dates without a time of day") {
    check_day("db-2026-11-21.sql.gz", 2026, 11, 21);
    check_day("20261121", 2026, 11, 21);
    check_day("2026_11_21", 2026, 11, 21);
    check_day("backup.21.11.2026.tar", 2026, 11, 21);
    check_day("db-2024-02-29.sql", 2024, 2, 29);
    check_day("db-2026-11-21-full.sql", 2026, 11, 21);
    check_day("db-2026-11-21-7.sql", 2026, 11, 21);
    // The most precise time counts; among equally precise ones the last.
    check_local("2026-11-22/db-2026-11-21_0315", 2026, 11, 21, 3, 15, 0);
    check_day("from-2026-11-20-to-2026-11-21", 2026, 11, 21);
}

TEST_CASE("names without a time") {
    for (const std::string name :
         {"", "db.sql.gz", "db-15.2.tar", "2026-13-01.sql", "2026-02-30.sql", "db-2025-02-29.sql",
          "20261321", "99991231", "123456789", "12345678901", "0123456789", "serial-Z4D2026112",
          "0000000000000000000000000000000000000000", "2026-1121", "1.2.3", "202611219"}) {
        CAPTURE(name);
        CHECK_FALSE(find_time_in_name(name));
    }
}

TEST_CASE("times found by a pattern") {
    const auto found = find_time_by_pattern("db_211126-0315.gz", "%d%m%y-%H%M");
    REQUIRE(found);
    CHECK(found->time == from_civil_local(2026, 11, 21, 3, 15, 0));
    CHECK_FALSE(found->whole_day);

    const auto day = find_time_by_pattern("backup-21Nov2026.tar", "%d%b%Y");
    REQUIRE(day);
    CHECK(day->whole_day);
    CHECK(day->time == from_civil_local(2026, 11, 21, 0, 0, 0));

    const auto zone = find_time_by_pattern("x2026-11-21T03:15:00-0100y", "%Y-%m-%dT%H:%M:%S%z");
    REQUIRE(zone);
    CHECK(format_time(zone->time) == "2026-11-21 04:15:00 UTC");

    const auto epoch = find_time_by_pattern("base-1795230900.tar", "base-%s.tar");
    REQUIRE(epoch);
    CHECK(epoch->time == 1795230900);

    const auto year_day = find_time_by_pattern("2026325", "%Y%j");
    REQUIRE(year_day);
    CHECK(year_day->time == from_civil_local(2026, 11, 21, 0, 0, 0));

    const test::TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK(find_time_by_pattern("2026182", "%Y%j")->time == from_civil_local(2026, 7, 1, 0, 0, 0));
    CHECK(find_time_by_pattern("2028366", "%Y%j")->time == from_civil_local(2028, 12, 31, 0, 0, 0));
    CHECK_FALSE(find_time_by_pattern("2026366", "%Y%j"));

    CHECK_FALSE(find_time_by_pattern("db-2026-11-21.gz", "%Y%m%d"));
    CHECK_FALSE(find_time_by_pattern("db-2026-99-21.gz", "%Y-%m-%d"));
    CHECK_FALSE(find_time_by_pattern("db-2026-11-21.gz", "%Y-%m"));
    CHECK_FALSE(find_time_by_pattern("", "%s"));
}

TEST_CASE("patterns that cannot find a time give a message") {
    CHECK(what_is_wrong_with_time_pattern("%Y-%m-%d_%H%M%S") == "");
    CHECK(what_is_wrong_with_time_pattern("%s") == "");
    CHECK(what_is_wrong_with_time_pattern("%y%j") == "");
    CHECK(what_is_wrong_with_time_pattern("%H%M") != "");
    CHECK(what_is_wrong_with_time_pattern("%Y-%m-%") != "");
    CHECK(what_is_wrong_with_time_pattern("%Y-%m-%d %Q") != "");
    CHECK(what_is_wrong_with_time_pattern("") != "");
}

TEST_CASE("a copy named by its day has its file's time, limited to that day") {
    const NameTime day{1000000, true};
    CHECK(within_day(day, 1000000 + 3600) == 1000000 + 3600);
    CHECK(within_day(day, 1000000 + 10 * 86400) == 1000000 + 86400);  // copied later
    CHECK(within_day(day, 5) == 1000000);
    CHECK(within_day({1000000, false}, 5) == 1000000);
}
