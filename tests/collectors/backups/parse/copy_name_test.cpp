#include "collectors/backups/parse/copy_name.hpp"

#include <doctest/doctest.h>

#include "core/glob.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

constexpr Seconds hour = 3600;

CopyTime time_of(std::string_view name, Timestamp modified, Timestamp changed) {
    return copy_time(find_time_in_name(name), modified, changed);
}

}  // namespace

TEST_CASE("a copy has the time in its name, unless that is later than its last write") {
    const test::TimeZone zone("America/New_York");
    const Timestamp noon = from_civil_utc(2026, 11, 24, 12, 0, 0);
    const std::string name = "db-20261124-120000.sql";
    // Local time: 17:00 UTC, written an hour later.
    CHECK(time_of(name, noon + 6 * hour, noon + 6 * hour).time == noon + 5 * hour);
    // The same name in UTC: it was written before it could have begun.
    const auto utc = time_of(name, noon + 5, noon + 5);
    CHECK(utc.time == noon + 5);
    CHECK_FALSE(utc.from_name);
    // Somebody changed its owner later: it is no younger.
    CHECK(time_of(name, noon + 5, noon + 100 * hour).time == noon + 5);
    // cp -p of a file that had not changed for a year.
    CHECK(time_of(name, noon - 8760 * hour, noon + 6 * hour).time == noon + 5 * hour);
    CHECK(time_of("db-20990101.sql", noon, noon + 1).time == noon);
    CHECK(time_of("db-20261123.sql", noon - 10, noon - 10).time ==
          from_civil_local(2026, 11, 24, 0, 0, 0));
    CHECK(time_of("db.sql", noon, noon + 1).time == noon);
}

TEST_CASE("times in names of one form are compared without reading them") {
    const std::string reference = "db1-2026-11-24_0300.sql.gz";
    const auto place = *find_time_in_name(reference);
    CHECK(compare_times("db1-2026-11-24_0300.sql.gz", reference, place) == 0);
    CHECK(*compare_times("db1-2026-11-25_0100.sql.gz", reference, place) > 0);
    CHECK(*compare_times("db2-2025-12-25_0400.sql.gz", reference, place) < 0);
    CHECK_FALSE(compare_times("dbx-2026-11-24_0300.sql.gz", reference, place));
    CHECK_FALSE(compare_times("db1-2026-11-24_0300.sql", reference, place));
    const std::string day_first = "db-24.11.2026.sql";
    CHECK_FALSE(compare_times("db-01.12.2026.sql", day_first, *find_time_in_name(day_first)));
    CHECK(is_in_order("%Y-%m-%d_%H%M%S"));
    CHECK_FALSE(is_in_order("%d.%m.%Y"));
    CHECK_FALSE(is_in_order("%Y-%b-%d"));
}

TEST_CASE("streams of names") {
    const auto stream = [](std::string_view name) {
        return stream_of(name, find_time_in_name(name));
    };
    CHECK(stream("db1-2026-11-24.sql.gz") == "db1");
    CHECK(stream("vzdump-qemu-100-2026_04_22-08_36_31.vma.zst") == "vzdump-qemu-100");
    CHECK(stream("2026-11-24_orders.sql") == "orders.sql");
    CHECK(stream("2026-11-24") == "2026-11-24");
    CHECK(stream("orders.sql") == "orders.sql");
}

TEST_CASE("a pattern made ready matches what the pattern matches") {
    for (const char* pattern :
         {"*", "*.sql", "db*", "db*-*.gz", "a", "", "?", "[ab]*", "\\*", "*.*", ".*", "**"})
        for (const char* name : {"", "a", "b.sql", ".sql", "db", "db-.gz", "dbx-y.gz", "db-gz", "*",
                                 ".", "a.b.c", "dbdb-1-2.gz.gz"}) {
            CAPTURE(pattern);
            CAPTURE(name);
            CHECK(ComponentPattern(pattern).matches(name) == matches_component(pattern, name));
        }
}
