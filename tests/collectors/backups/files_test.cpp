// Tests the limits of backups that are plain files.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <fstream>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/probe.hpp"
#include "collectors/backups/state.hpp"
#include "tests/packed.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1795230900;
constexpr Seconds hour = 3600;

// A recorded host with the fixed time `now`.
struct Files {
    test::RecordedHost place;
    Backup backup;
    Config config;

    explicit Files(const std::string& glob) {
        place.file("/now", "1795230900\n");
        config.runtime_directory = place.root() + "/run";
        backup.kind = BackupKind::files;
        backup.location = glob;
    }
    void write(const std::string& path, const std::string& text, Timestamp modified) {
        place.file(path, text);
        const timespec time{static_cast<time_t>(modified), 0};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, (place.root() + path).c_str(), times, 0) == 0);
    }
    BackupState look() const {
        auto state = look_at_files(Host(place.root()), config, backup);
        REQUIRE(state.has_value());
        return *state;
    }
};

}  // namespace

TEST_CASE("of many copies, the content of the 500 newest is checked") {
    Files files("/backup/*");
    const std::string begun = "--\n-- PostgreSQL database dump\n--\nselect 1;\n";
    const std::string finished = begun + "--\n-- PostgreSQL database dump complete\n--\n";
    for (int i = 0; i < 500; ++i)
        files.write("/backup/" + std::to_string(i), finished, now - (i + 1) * hour);
    files.write("/backup/older", begun, now - 1000 * hour);
    files.write("/backup/oldest", "", now - 1001 * hour);
    const BackupState state = files.look();
    CHECK(state.count == 501);  // an empty file is never a copy
    CHECK(state.oldest == now - 1000 * hour);
    CHECK(state.incomplete == false);
}

TEST_CASE("the search of a glob stops at its limit of directories, with a problem") {
    // Each "**" matches any part of the one long path below.
    Files files("/backup/**/**/**/**/**/**/*.sql");
    std::string path = "/backup";
    for (int depth = 0; depth < 14; ++depth) path += "/d";
    files.place.directory(path);
    const BackupState state = files.look();
    REQUIRE(state.problems.size() == 1);
    CHECK(state.problems[0].message.find("10000 directories") != std::string::npos);
}

TEST_CASE("an intact copy that cannot be unpacked here is a copy") {
    const std::string text = "--\n-- PostgreSQL database dump\n--\nselect 1;\n";
    const std::string copies[] = {test::zstandard_with_large_window(text),
                                  test::xzipped_with_large_dictionary(text)};
    for (const std::string& copy : copies) {
        Files files("/backup/*");
        files.write("/backup/dump", copy, now - hour);
        const BackupState state = files.look();
        CHECK(state.count == 1);
        CHECK_FALSE(state.incomplete);  // cannot be told
        CHECK(state.problems.empty());
        REQUIRE(state.newest.size() == 1);
        CHECK(state.newest[0].confidence == Confidence::inferred);
        files.write("/backup/dump", copy.substr(0, copy.size() - 5), now - hour);
        CHECK(files.look().incomplete == true);
    }
}

TEST_CASE("behind packed copies that are cut, others are unpacked until a whole one is found") {
    const std::string cut = "--\n-- PostgreSQL database dump\n--\nselect 1;\n";
    const std::string whole = cut + "--\n-- PostgreSQL database dump complete\n--\n";
    Files files("/backup/*");
    const auto put = [&](int night, const std::string& text) {
        files.write("/backup/" + std::to_string(night), test::gzipped(text),
                    now - (night + 1) * hour);
    };
    for (int night = 0; night < 30; ++night) put(night, cut);
    BackupState state = files.look();
    CHECK(state.incomplete == true);
    CHECK(state.incomplete_copies == 13);
    CHECK_FALSE(state.count);  // the others are not known yet
    CHECK_FALSE(proven_newest(state));
    CHECK(state.perhaps == now - 14 * hour);
    CHECK(state.problems.back().message ==
          "/backup/13: its ends are right, as those of newer ones that are cut; it is not unpacked "
          "yet");
    put(7, whole);  // what is behind it counts by its ends
    state = files.look();
    CHECK(state.incomplete_copies == 7);
    CHECK(state.count == 23);
    CHECK(proven_newest(state) == now - 8 * hour);
}

TEST_CASE("a file whose times all lie in the future is finished") {
    Files files("/backup/*.sql");
    files.place.file("/now", "1000000000\n");  // 2001, before the kernel's change time
    files.write("/backup/a.sql",
                "--\n-- PostgreSQL database dump\n--\n"
                "-- PostgreSQL database dump complete\n--\n",
                1'000'003'600);
    const BackupState state = files.look();
    CHECK(state.in_progress == false);
    CHECK(state.count == 1);
}

TEST_CASE("a copy is not newer than its last write, whatever its name says") {
    Files files("/backup/*.sql");
    files.write("/backup/db-2031-01-01_0000.sql", "select 1;", now - 2 * hour);
    CHECK(files.look().newest.at(0).time == now - 2 * hour);
    // Its name does not hide the real newest copy.
    files.write("/backup/db-2026-11-21_0215.sql", "select 1;", now - 1 * hour);
    CHECK(files.look().newest.at(0).time == now - 1 * hour);
}

TEST_CASE("a copy whose time is in the future does not hide the newest of the others") {
    Files files("/backup/*.sql");
    files.write("/backup/a.sql", "select 1;", now + 1000 * hour);
    CHECK(files.look().newest.at(0).time == now + 1000 * hour);  // backup_from_future tells
    CHECK(files.look().problems.empty());
    files.write("/backup/b.sql", "select 1;", now - 50 * hour);
    const BackupState state = files.look();
    CHECK(state.newest.at(0).time == now - 50 * hour);
    CHECK(state.problems.empty());
}

TEST_CASE("a name that does not fit time_pattern proves nothing") {
    Files files("/backup/*");
    files.backup.time_pattern = "%d.%m.%Y";
    files.write("/backup/shop_2026-11-16_0200.sql", "select 1;\n", now - 80);
    BackupState state = files.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::activity);
    REQUIRE(state.problems.size() == 1);
    CHECK(
        state.problems[0].message ==
        "/backup/shop_2026-11-16_0200.sql: its name does not fit time_pattern \"%d.%m.%Y\", so its "
        "time is not known");
    // It does not hide one that fits; a day in a directory's name is as good.
    files.write("/backup/shop_16.11.2026.sql", "select 1;\n", now - 90);
    state = files.look();
    REQUIRE(state.newest.size() == 2);
    CHECK(state.newest[0].confidence == Confidence::inferred);
    CHECK(state.newest[0].time < now - 86400);
    CHECK(state.newest[1].confidence == Confidence::activity);

    Files directories("/backup/*/*.sql");
    directories.backup.time_pattern = "%d.%m.%Y";
    directories.write("/backup/16.11.2026/shop.sql", "select 1;\n", now - 80);
    state = directories.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::inferred);
    CHECK(state.problems.empty());
}

TEST_CASE("a bomb is given up in time, however much one piece of it unpacks to") {
    test::TemporaryDirectory directory;
    std::string zeros;
    zeros.resize(10'000'000);
    const std::string piece = test::bzipped(zeros);
    {
        std::ofstream file(directory.path + "/bomb.bz2");
        for (int i = 0; i < 100'000; ++i) file << piece;  // a TB
    }
    const Host host;
    const auto probed =
        probe_file(host, directory.path + "/bomb.bz2", Depth::whole, host.monotonic() + 0.01);
    REQUIRE(probed.has_value());
    CHECK(probed->state == Completeness::unknown);
    CHECK(probed->reason == "it was not unpacked: no time was left");
}

TEST_CASE("a record that is a link to another file is not read") {
    test::RecordedHost place;
    place.file("/secret", "INFO: Finished Backup of VM 100 (00:00:05)\nERROR: s3cret\n");
    place.link("/b/log", "/secret");
    const Host host(place.root());
    CHECK(read_tail(host, "/b/log", 100).has_value());
    CHECK_FALSE(read_tail(host, "/b/log", 100, LastLink::refuse).has_value());
    CHECK_FALSE(read_record(host, "/b/log").has_value());
}

TEST_CASE("a packed dump is whole only if it ends, has content, and that content ends") {
    const std::string begun =
        "--\n-- PostgreSQL database dump\n--\n" + std::string(3000, 'x') + "\n";
    const std::string finished = begun + "--\n-- PostgreSQL database dump complete\n--\n";
    for (const test::PackedFormat& format : test::formats) {
        const auto incomplete = [&](const std::string& content) {
            Files files("/backup/*");
            files.write("/backup/dump", content, now - hour);
            return files.look().incomplete == true;
        };
        const std::string packed = format.pack(finished);
        CAPTURE(format.name);
        CHECK_FALSE(incomplete(packed));
        CHECK(incomplete(packed.substr(0, packed.size() / 2)));
        // What it holds does not tell that it was cut.
        std::string text;
        for (int i = 0; i < 30'000; ++i) text += std::to_string(i * i % 997);
        const std::string unknown = format.pack(text);
        CHECK_FALSE(incomplete(unknown));
        CHECK(incomplete(unknown.substr(0, unknown.size() / 2)));
        CHECK(incomplete(format.pack("")));
        CHECK(incomplete(format.pack(begun)));
    }
}

TEST_CASE("cut copies are counted, and what breaks the promise of its name proves nothing") {
    Files files("/backup/*");
    const std::string begun = "--\n-- PostgreSQL database dump\n--\nselect 1;\n";
    for (const char* name : {"a", "b", "c"})
        files.write(std::string("/backup/") + name + ".sql", begun, now - hour);
    CHECK(files.look().incomplete_copies == 3);
    CHECK(files.look().count == 0);
    files.write("/backup/d.sql", "the input device is not a TTY\n", now - 0.5 * hour);
    const BackupState state = files.look();
    CHECK(state.count == 1);
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::activity);
}

TEST_CASE("one of several names that has stopped is told, where they are not told apart") {
    Files files("/backup/*.sql");
    files.backup.max_age = 26 * hour;
    for (int age = 0; age < 12; ++age)
        for (const char* name : {"shop", "blog"})
            if (std::string_view(name) == "shop" || age > 8)
                files.write(fmt::format("/backup/{}-202611{:02}.sql", name, 20 - age), "select 1;",
                            now - (24 * age + 1) * hour);
    const BackupState state = files.look();
    REQUIRE(state.problems.size() == 1);
    CHECK(state.problems[0].message.find("2 different names, of which \"blog") !=
          std::string::npos);
}

namespace {

// Files of this host, whose judgement is remembered.
struct RealFiles : test::TemporaryDirectory {
    RealFiles() {
        REQUIRE(::chmod(path.c_str(), 0755) == 0);
        config.runtime_directory = path;
        backup.name = "it";
        backup.kind = BackupKind::files;
        backup.location = at("copies/*");
        backup.settle_time = 0;
    }
    BackupState look() const {
        auto state = look_at_files(Host(), config, backup);
        REQUIRE(state.has_value());
        return *state;
    }
    Backup backup;
    Config config;
};

}  // namespace

TEST_CASE("a copy that a process has open for writing is none yet, and is judged when it is not") {
    const RealFiles files;
    files.write("copies/a.sql", "--\n-- PostgreSQL database dump\n--\nselect 1;\n");
    {
        const std::ofstream writer(files.at("copies/a.sql"), std::ios::app);
        const BackupState state = files.look();
        CHECK(state.in_progress == true);
        CHECK(state.count == 0);
        CHECK(state.newest.empty());
    }
    CHECK(files.look().incomplete == true);
}

TEST_CASE("a directory that was not whole is looked into again, though it has not changed itself") {
    RealFiles files;
    files.backup.complete_if = "sub/DONE";
    files.write("copies/2026-11-20/sub/data", "x");
    const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};  // nobody writes there now
    for (const char* name :
         {"copies/2026-11-20/sub/data", "copies/2026-11-20/sub", "copies/2026-11-20"})
        REQUIRE(::utimensat(AT_FDCWD, files.at(name).c_str(), old, 0) == 0);
    CHECK(files.look().incomplete == true);
    files.write("copies/2026-11-20/sub/DONE", "");
    CHECK(files.look().incomplete == false);
}
