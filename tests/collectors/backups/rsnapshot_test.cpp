// Tests the reader of rsnapshot on snapshots and logs that the test writes; the lies are played by
// rsnapshot itself in tests/end_to_end/test_rsnapshot.py.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

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
    void snapshot(const std::string& name, Timestamp at) {
        host.directory("/srv/r/" + name);
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
