// Tests the search for copies in real directories of many files.
#include "collectors/backups/find_copies.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>

#include "collectors/backups/state.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp start = 1700000000;

class Directory : public test::TemporaryDirectory {
  public:
    Directory() {
        backup.kind = BackupKind::files;
        backup.location = path + "/*.sql";
    }
    void copy(const std::string& name, Timestamp modified) const {
        write(name, "x");
        set_time(name, modified);
    }
    void set_time(const std::string& name, Timestamp modified) const {
        const timespec time{static_cast<time_t>(modified), 0};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, at(name).c_str(), times, 0) == 0);
    }
    FoundCopies look() const {
        auto found = find_copies(Host("/"), backup);
        REQUIRE(found);
        return std::move(*found);
    }
    Backup backup;
};

// A directory counts as settled some seconds after its last change; its times cannot be set back,
// but a clock that is ahead does the same: the look's own clock is the host's.
void wait_until_settled(const std::string& path) {
    const Host host("/");
    while (host.now() - host.status(path)->changed < 2.2) ::usleep(50'000);
}

}  // namespace

TEST_CASE("of too many streams the known ones are found, in whatever order they are read") {
    Directory directory;
    directory.backup.each = Streams::by_name;
    StreamNames known;
    for (int i = 0; i < 700; ++i) {
        const std::string name = fmt::format("s{}x", i);
        directory.copy(name + "-20261126.sql", start);
        if (i % 7 == 0) known.insert(name);
    }
    REQUIRE(known.size() == 100);
    const auto found = find_copies(Host("/"), directory.backup, known);
    REQUIRE(found);
    CHECK(found->too_many_streams);
    CHECK(found->streams.size() == 500);
    for (const std::string& name : known) CHECK(found->streams.contains(name));
}

TEST_CASE("of 2000 copies the newest are kept, the others are counted, and the oldest is right") {
    Directory directory;
    // Neither the order of names nor that of writing is the order of time.
    for (int i = 0; i < 2000; ++i) {
        const int number = (i * 777) % 2000;
        directory.copy(fmt::format("{:05}.sql", (number * 13) % 2000), start + number * 60);
    }
    const auto found = directory.look();
    REQUIRE(found.streams.size() == 1);
    const CopyList& list = found.streams.begin()->second;
    CHECK(list.count() == 2000);
    CHECK(list.oldest() == start);
    const auto newest = list.sorted();
    REQUIRE(newest.size() == 500);
    for (int i = 0; i < 500; ++i)
        CHECK(newest[static_cast<size_t>(i)].time == start + (1999 - i) * 60);
}

TEST_CASE("names that tell the time are ordered by it, though all were copied just now") {
    Directory directory;
    directory.backup.settle_time = 0;
    for (int i = 0; i < 2000; ++i) {
        const int number = (i * 777) % 2000;
        directory.write(fmt::format("db-20{:02}{:02}{:02}-{:02}{:02}.sql", 10 + number / 400,
                                    1 + number / 40 % 10, 1 + number % 20, number / 20 % 2, 30),
                        "x");
    }
    const auto found = directory.look();
    const CopyList& list = found.streams.begin()->second;
    CHECK(list.count() == 2000);
    CHECK(list.oldest() == from_civil_local(2010, 1, 1, 0, 30, 0));
    CHECK(list.sorted().front().time == from_civil_local(2014, 10, 20, 1, 30, 0));
}

TEST_CASE(
    "a large directory is read again only when it, or one of its newest copies, has changed") {
    Directory directory;
    directory.backup.settle_time = 0;
    for (int i = 0; i < 1200; ++i) directory.copy(fmt::format("{}.sql", i), start + i);
    wait_until_settled(directory.path);
    directory.look();
    const auto names = [&] {
        const uint64_t before = names_read();
        const auto found = directory.look();
        CHECK(found.streams.begin()->second.sorted().front().time >= start + 1199);
        return names_read() - before;
    };
    CHECK(names() == 0);
    // A copy that is written in place leaves its directory's times as they are.
    directory.copy("1199.sql", start + 5000);
    CHECK(names() == 1200);
    CHECK(names() == 0);
    directory.copy("new.sql", start + 9000);
    CHECK(names() == 1201);
    CHECK(directory.look().streams.begin()->second.sorted().front().time == start + 9000);
    // It has just changed: one more change might get the same time.
    CHECK(names() == 1201);
    // Another question about the same directory has its own answer.
    directory.backup.location = directory.path + "/*";
    CHECK(names() == 1201);
}

TEST_CASE("links lead into no loop, and names may be hostile") {
    Directory directory;
    directory.link("a/loop", directory.path);
    directory.link("a/self", "self");
    directory.copy("a/1.sql", start);
    directory.copy("a/\xff\x1b[2J\n.sql", start + 60);
    directory.backup.location = directory.path + "/**/*.sql";
    auto found = directory.look();
    CHECK(found.streams.begin()->second.count() == 2);
    CHECK(found.problems.empty());
    // A pattern of fixed depth follows links, as far as it is deep.
    directory.backup.location = directory.path + "/*/*/*/*.sql";
    found = directory.look();
    CHECK(found.streams.begin()->second.count() == 2);  // a/loop/a/*.sql
    CHECK(found.problems.empty());
}

TEST_CASE("problems are bounded") {
    Directory directory;
    for (int i = 0; i < 300; ++i)
        directory.link(fmt::format("{}.sql", i), fmt::format("{}.sql", i));
    CHECK(directory.look().problems.size() == 50);  // too many levels of links
}

TEST_CASE("a link to what stands beside it is no further copy, and no further stream") {
    Directory directory;
    for (const char* day : {"2026-11-24", "2026-11-25"})
        directory.copy(fmt::format("{}/db.sql", day), start);
    directory.link("latest", "2026-11-25");
    directory.link("absolute", directory.path + "/2026-11-25/");
    directory.link("self", ".");
    const auto count = [&](const char* pattern, Streams each = Streams::none) {
        directory.backup.location = directory.path + pattern;
        directory.backup.each = each;
        double copies = 0;
        const auto found = directory.look();
        for (const auto& [name, list] : found.streams) copies += list.count();
        return fmt::format("{} with {}", found.streams.size(), copies);
    };
    CHECK(count("/*") == "1 with 2");
    CHECK(count("/*/db.sql") == "1 with 2");
    CHECK(count("/*/db.sql", Streams::by_directory) == "2 with 2");
    // A link is all there is of a copy that lies elsewhere, or whose own name does not match.
    directory.copy("x.data", start);
    directory.link("x.sql", "x.data");
    CHECK(count("/*.sql") == "1 with 1");
}
