// Tests the reader of rsnapshot on snapshots and logs that the test writes; the lies are played by
// rsnapshot itself in tests/end_to_end/test_rsnapshot.py.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>

#include "collectors/backups/state.hpp"
#include "tests/recorded_host.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp noon = 1795694400;  // 2026-11-26 12:00:00 UTC

struct Rsnapshot {
    test::TimeZone zone{"UTC"};
    test::RecordedHost host;
    Backup backup;
    std::string log;

    Rsnapshot() {
        backup.kind = BackupKind::rsnapshot;
        backup.location = "/srv/r";
        host.directory("/srv/r");
    }
    void snapshot(const std::string& name, Timestamp at, bool empty = false) {
        host.directory("/srv/r/" + name + "/localhost/etc");
        if (!empty) host.file("/srv/r/" + name + "/localhost/etc/hosts", "x");
        const timespec time{static_cast<time_t>(at), 0};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, (host.root() + "/srv/r/" + name).c_str(), times, 0) == 0);
    }
    // With loglevel 2: no commands.
    void run(const std::string& level, int hour, const std::string& ending) {
        const std::string command = "/usr/bin/rsnapshot " + level;
        log += fmt::format(
            "[2026-11-26T{0:02}:00:00] {1}: started\n[2026-11-26T{0:02}:00:09] "
            "{1}: {2}\n",
            hour, command, ending);
    }
    BackupState look(const std::string& path = "/var/log/rsnapshot.log") {
        host.file(path, log);
        const auto state = look_at_rsnapshot(host.host(), backup);
        REQUIRE(state.has_value());
        return *state;
    }
};

}  // namespace

TEST_CASE("without commands in the log, the snapshot's time tells which level copies") {
    Rsnapshot it;
    it.snapshot("alpha.0", noon + 9);
    it.snapshot("beta.0", noon - 7200 + 9);
    it.run("alpha", 10, "completed successfully");
    it.run("alpha", 12, "completed successfully");
    it.run("beta", 14, "completed successfully");  // only rotates
    const auto state = it.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].time == noon + 9);
    CHECK(state.newest[0].confidence == Confidence::exact);
    CHECK(state.count == 2);
    CHECK(state.oldest == noon - 7200 + 9);
    CHECK(state.incomplete == false);
    CHECK(state.problems.empty());
}

TEST_CASE("with sync_first, a rotation right after a failed sync is no copy") {
    Rsnapshot it;
    it.snapshot("alpha.0", noon + 9);
    it.snapshot(".sync", noon + 9);
    it.run("sync", 12, "completed, but with some errors");
    it.log +=
        "[2026-11-26T12:00:09] /usr/bin/rsnapshot alpha: started\n"
        "[2026-11-26T12:00:10] /usr/bin/rsnapshot alpha: completed successfully\n";
    const auto state = it.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::activity);
    CHECK(state.incomplete == true);
}

TEST_CASE("a run that is in the log and whose snapshot is gone is no copy") {
    Rsnapshot it;
    it.snapshot("alpha.0", noon - 86400);
    it.run("alpha", 12, "completed successfully");
    const auto state = it.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::activity);
    REQUIRE(state.problems.size() == 1);
    CHECK(state.problems[0].message.find("no good run") != std::string::npos);
}

TEST_CASE("right after logrotate the last run is in the log before") {
    Rsnapshot it;
    it.snapshot("alpha.0", noon + 9);
    it.run("alpha", 12, "completed successfully");
    const auto state = it.look("/var/log/rsnapshot.log.1");
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::exact);
    CHECK(state.problems.empty());
}

TEST_CASE("rsnapshot's directory: none, empty, without a log") {
    Rsnapshot it;
    CHECK(it.look().count == 0);
    CHECK(it.look().problems.empty());
    Rsnapshot without;
    without.backup.log = "/var/log/other.log";
    without.snapshot("alpha.0", noon);
    const auto state = without.look();
    CHECK(state.newest[0].confidence == Confidence::activity);
    REQUIRE(state.problems.size() == 1);
    CHECK(state.problems[0].message.find("set logfile") != std::string::npos);
    without.backup.location = "/srv/nothing";
    const auto nothing = look_at_rsnapshot(without.host.host(), without.backup);
    REQUIRE_FALSE(nothing.has_value());
    CHECK(nothing.error().kind == ErrorKind::absent);
}

TEST_CASE(
    "a run that could not copy all files is no whole copy; files that vanished are no fault") {
    const auto look = [](const char* warning) {
        Rsnapshot it;
        it.snapshot("alpha.0", noon + 9);
        it.log = fmt::format(
            "[2026-11-26T12:00:00] /usr/bin/rsnapshot alpha: started\n"
            "[2026-11-26T12:00:05] WARNING: {}\n"
            "[2026-11-26T12:00:09] /usr/bin/rsnapshot alpha: completed, but with some warnings\n",
            warning);
        return it.look();
    };
    const auto vanished = look("Some files vanished during rsync of /etc/");
    CHECK(vanished.incomplete == false);
    CHECK(vanished.newest.at(0).confidence == Confidence::exact);
    const auto partial = look("Some files and/or directories in /etc/ only transferred partially");
    CHECK(partial.incomplete == true);
    CHECK(partial.newest.at(0).confidence == Confidence::activity);
}

TEST_CASE("a run that finds the lock of another one is no run, and the other one's end counts") {
    Rsnapshot it;
    it.snapshot("alpha.0", noon + 9);
    const std::string begin = "] /usr/bin/rsnapshot alpha: ";
    it.log = "[2026-11-26T12:00:00" + begin + "started\n[2026-11-26T12:00:05" + begin +
             "started\n[2026-11-26T12:00:05" + begin +
             "ERROR: Lockfile /run/rsnapshot.pid exists and so does its process, can not "
             "continue\n[2026-11-26T12:00:09" +
             begin + "completed successfully\n";
    auto state = it.look();
    CHECK(state.incomplete == false);
    CHECK(state.newest.at(0).confidence == Confidence::exact);
    CHECK(state.newest.at(0).time == noon + 9);
    it.run("alpha", 13, "completed successfully");
    it.log += "[2026-11-26T13:00:10" + begin + "started\n[2026-11-26T13:00:10" + begin +
              "ERROR: Lockfile /run/rsnapshot.pid exists, can not continue\n";
    it.snapshot("alpha.0", noon + 3600 + 9);
    state = it.look();
    CHECK(state.incomplete == false);
    CHECK(state.newest.at(0).time == noon + 3600 + 9);
}

TEST_CASE("a log with commands tells of which snapshots it is") {
    const auto confidence = [](const char* root) {
        Rsnapshot it;
        it.snapshot("alpha.0", noon + 9);
        it.log = fmt::format(
            "[2026-11-26T12:00:00] /usr/bin/rsnapshot alpha: started\n"
            "[2026-11-26T12:00:09] touch {}/alpha.0/\n"
            "[2026-11-26T12:00:09] /usr/bin/rsnapshot alpha: completed successfully\n",
            root);
        return it.look().newest.at(0).confidence;
    };
    CHECK(confidence("/srv/r") == Confidence::exact);
    CHECK(confidence("/srv/other") == Confidence::activity);
}

TEST_CASE("a source that was not mounted makes an empty snapshot, with success") {
    Rsnapshot it;
    it.snapshot("alpha.0", noon + 9, true);
    it.snapshot("alpha.1", noon - 7200 + 9);
    it.run("alpha", 10, "completed successfully");
    it.run("alpha", 12, "completed successfully");
    auto state = it.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].time == noon - 7200 + 9);
    CHECK(state.incomplete == true);
    CHECK(state.count == 1);
    REQUIRE(state.problems.size() == 1);
    CHECK(state.problems[0].message == "/srv/r/alpha.0: it holds no file; was the source mounted?");

    SUBCASE("all of them") {
        it.host.directory("/srv/r/alpha.1");
        std::filesystem::remove_all(it.host.root() + "/srv/r/alpha.1/localhost/etc/hosts");
        it.snapshot("alpha.1", noon - 7200 + 9, true);
        state = it.look();
        CHECK(state.incomplete == true);
        CHECK(state.count == 0);
        CHECK(state.newest[0].confidence == Confidence::activity);
    }
    SUBCASE("one of two destinations") {
        it.host.file("/srv/r/alpha.0/db1/dump", "x");
        it.snapshot("alpha.0", noon + 9, true);
        state = it.look();
        CHECK(state.incomplete == true);
        CHECK(state.problems[0].message.starts_with("/srv/r/alpha.0/localhost: it holds no file"));
    }
}

TEST_CASE("a killed run ends before the next one, and leaves two snapshots of one time") {
    Rsnapshot it;
    it.run("alpha", 6, "completed successfully");
    it.log += "[2026-11-26T08:00:00] /usr/bin/rsnapshot alpha: started\n";
    it.run("alpha", 10, "completed successfully");
    it.run("alpha", 12, "completed successfully");
    it.snapshot("alpha.0", noon + 9);
    it.snapshot("alpha.1", noon - 7200 + 9);
    it.snapshot("alpha.2", noon - 6 * 3600 + 9);  // the killed run's
    it.snapshot("alpha.3", noon - 6 * 3600 + 9);
    const auto state = it.look();
    CHECK(state.count == 3);
    CHECK(state.incomplete == false);
    CHECK(state.newest[0].time == noon + 9);
    CHECK(state.problems.empty());
}

TEST_CASE("a run in the hour that comes twice, when the clock is put back") {
    constexpr Timestamp first_half_past_two = 1824942600;  // 2027-10-31 00:30 UTC, 02:30 CEST
    const auto run = [](const std::string& from, const std::string& to) {
        return fmt::format(
            "[2027-10-31T{}] /usr/bin/rsnapshot alpha: started\n"
            "[2027-10-31T{}] /usr/bin/rsnapshot alpha: completed successfully\n",
            from, to);
    };
    Rsnapshot it;
    const test::TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    const auto newest = [&](Timestamp touched, const std::string& log) {
        it.snapshot("alpha.0", touched);
        it.log = log;
        const auto state = it.look();
        REQUIRE(state.newest.size() == 1);
        CHECK(state.newest[0].confidence == Confidence::exact);
        return state.newest[0].time - first_half_past_two;
    };
    CHECK(newest(first_half_past_two + 60, run("02:30:00", "02:31:00")) == 60);
    CHECK(newest(first_half_past_two + 3660, run("02:30:00", "02:31:00")) == 3660);
    CHECK(newest(first_half_past_two + 2400, run("02:30:00", "02:10:00")) == 2400);
    CHECK(newest(first_half_past_two + 5400, run("02:30:00", "03:00:00")) == 5400);
}
