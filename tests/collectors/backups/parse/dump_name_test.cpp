#include "collectors/backups/parse/dump_name.hpp"

#include <doctest/doctest.h>

#include "core/utf8.hpp"

using namespace lastgood;

namespace {

constexpr Seconds hour = 3600;
constexpr Seconds day = 24 * hour;

std::string glob_of(std::string_view directory, std::string_view name) {
    const auto dated = split_dated_name(name);
    return dated ? dated_glob(directory, *dated) : "";
}

// The usual gap of copies with these intervals, newest first.
std::optional<Seconds> gap_of(const std::vector<Seconds>& gaps) {
    std::vector<Timestamp> copies{1795230900};
    for (const Seconds gap : gaps) copies.push_back(copies.back() - gap);
    return usual_gap(copies);
}

}  // namespace

TEST_CASE("names of dumps") {
    for (const char* name :
         {"a.sql", "a.sql.gz", "a.sql.zst", "a.sql.xz", "a.sql.bz2", "a.dump", "a.tar.gz",
          "a.tar.zst", "a.tar.xz", "a.vma.zst", "a.tgz", "a.sql.gz.gpg", "a.tar.age"})
        CHECK_MESSAGE(is_dump_name(name), name);
    for (const char* name : {"", ".sql", "a", "a.gz", "sql", "a.sql.part", ".a.sql", "a.log.gz",
                             ".sql.gz", "a.txt", "a.sql.gz.gz"})
        CHECK_MESSAGE(!is_dump_name(name), name);
}

TEST_CASE("the glob keeps the constant part of the name") {
    CHECK(glob_of("/b", "db8-2026-11-21.sql.gz") == "/b/db8-[0-9]*.sql.gz");
    CHECK(glob_of("/b", "20261121-031500.dump") == "/b/[0-9]*.dump");
    CHECK(glob_of("/b", "2026-11-21T03:15:00Z-all.sql") == "/b/[0-9]*-all.sql");
    CHECK(glob_of("/b", "2026-11-21_03-15-07.sql") == "/b/[0-9]*.sql");
    CHECK(glob_of("/b", "2026-11-21_03-15-00.sql") == "/b/[0-9]*.sql");
    CHECK(glob_of("/b", "20261121T000000Z.sql") == "/b/[0-9]*.sql");
    CHECK(glob_of("/b", "20261121T031500Z.sql") == "/b/[0-9]*.sql");
    CHECK(glob_of("/b", "vzdump-qemu-100-2026_04_22-08_36_31.vma.zst") ==
          "/b/vzdump-qemu-100-[0-9]*.vma.zst");
    CHECK(glob_of("/b", "21.11.2026_v2.tar.gz") == "/b/[0-9]*_v2.tar.gz");
    CHECK(glob_of("/b", "nodate.sql").empty());
    CHECK(glob_of("/b", std::string(300, '1')).empty());
}

TEST_CASE("unusual names: the pattern matches its own name and no other") {
    for (const char* directory :
         {"/b", "/b[1]", "/b\\c", "/b*/c?", "/b[1]/d\\e", "/b\xff/c", "/", "/grün", "/b/ \"x\"\n"})
        for (const char* name :
             {"a[b]*-2026-11-21.sql", "a\\-2026-11-21.sql", "a\xff\xfe-2026-11-21.sql",
              "ü-2026-11-21?.sql", "\"'$(x)-2026-11-21.sql"}) {
            const std::string glob = glob_of(directory, name);
            const std::string path = std::string(directory) + "/" + name;
            CAPTURE(glob);
            CAPTURE(path);
            CHECK(is_utf8(glob));
            CHECK(matches_path(glob, path));
            CHECK(!matches_path(glob, path + ".gz"));
            CHECK(!matches_path(glob, std::string(directory) + "/zz-2026-11-21.sql"));
        }
}

TEST_CASE("matching a path with a glob") {
    CHECK(matches_path("/b/*.sql", "/b/a.sql"));
    CHECK(matches_path("/b/**/*.sql", "/b/a.sql"));
    CHECK(matches_path("/b/**/*.sql", "/b/c/d/a.sql"));
    CHECK(matches_path("/*/x/a.sql", "/b/x/a.sql"));
    CHECK(matches_path("/b/**", "/b/c/a.sql"));
    CHECK(!matches_path("/b/**/*.sql", "/b/.hidden/a.sql"));
    CHECK(!matches_path("/b/*.sql", "/b/c/a.sql"));
    CHECK(!matches_path("/b/*.sql", "/c/a.sql"));
    CHECK(!matches_path("/b/c/*.sql", "/b"));
}

TEST_CASE("the usual interval between copies") {
    CHECK(!gap_of({}));
    CHECK(!gap_of({day}));
    CHECK(gap_of({day, day}) == day);
    CHECK(gap_of({hour, hour, hour, hour}) == hour);
    // One night was missed.
    CHECK(gap_of({day, day, 2 * day, day, day}) == day);
    // Daily, weekly and monthly copies: only the daily ones count.
    CHECK(gap_of({day, day, day, day, day, 7 * day, 30 * day, 30 * day, 30 * day}) == day);
    // Three hosts each night.
    CHECK(gap_of({1200, 1200, 84000, 1200, 1200, 84000, 1200}) == 84000);
    // All times are equal: a copy without times.
    CHECK(!gap_of({0, 0, 0, 0}));
    CHECK(!gap_of({60, 60, 60, 60}));  // files of one run
    CHECK(!gap_of({299, 299, 299}));
    CHECK(gap_of({300, 300, 300}) == 300);
    CHECK(limit_for_gap(day) == 36 * hour);
    CHECK(limit_for_gap(day + 90) == 36 * hour);
    CHECK(limit_for_gap(hour) == 2 * hour);
    CHECK(limit_for_gap(600) == hour);
}
