// Tests the parser of rsnapshot's log on lines as rsnapshot 1.4.5 writes them.
#include "collectors/backups/parse/rsnapshot_log.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp noon = 1795694400;  // 2026-11-26 12:00:00 UTC

std::string at(const std::string& time, const std::string& text) {
    return "[2026-11-26T" + time + "] " + text + "\n";
}
const std::string program = "/usr/bin/rsnapshot -c /etc/x.conf ";

std::string good_run(const std::string& minute) {
    return at("12:" + minute + ":00", program + "alpha: started") +
           at("12:" + minute + ":00", "echo 5800 > /var/run/rsnapshot.pid") +
           at("12:" + minute + ":01", "/usr/bin/rsync -a /home/ /srv/r/alpha.0/localhost/") +
           at("12:" + minute + ":05", "touch /srv/r/alpha.0/") +
           at("12:" + minute + ":05", "rm -f /var/run/rsnapshot.pid") +
           at("12:" + minute + ":05", program + "alpha: completed successfully");
}

}  // namespace

TEST_CASE("runs of rsnapshot: what they touched, when and how they ended") {
    const test::TimeZone zone("UTC");
    const auto runs =
        parse_rsnapshot_log(good_run("00") + at("12:10:00", program + "beta: started") +
                            at("12:10:00", "mv /srv/r/alpha.2/ /srv/r/beta.0/") +
                            at("12:10:01", program + "beta: completed successfully"));
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].level == "alpha");
    CHECK(runs[0].started == noon);
    CHECK(runs[0].ended == noon + 5);
    CHECK(runs[0].end == RsnapshotEnd::success);
    CHECK(runs[0].process == 5800);
    CHECK(runs[0].touched == "/srv/r/alpha.0");
    CHECK(runs[0].has_commands);
    CHECK(runs[1].level == "beta");
    CHECK(runs[1].touched.empty());
    CHECK(runs[1].has_commands);
}

TEST_CASE("times of rsnapshot are local, and 1.3 wrote them in another form") {
    const test::TimeZone zone("America/New_York");
    const auto runs = parse_rsnapshot_log(
        "[26/Nov/2026:07:00:00] /usr/bin/rsnapshot daily: started\n"
        "[26/Nov/2026:07:00:05] /usr/bin/rsnapshot daily: completed successfully\n");
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].started == noon);
    CHECK_FALSE(runs[0].has_commands);
}

TEST_CASE("errors and warnings of rsnapshot") {
    const test::TimeZone zone("UTC");
    const auto ending = [](const std::string& lines) {
        const auto runs = parse_rsnapshot_log(at("12:00:00", program + "alpha: started") + lines);
        REQUIRE(runs.size() == 1);
        return runs[0];
    };
    const auto failed =
        ending(at("12:00:01",
                  program + "alpha: ERROR: /usr/bin/rsync returned 12 while processing h:/x/") +
               at("12:00:01", "touch /srv/r/alpha.0/") +
               at("12:00:01",
                  program + "alpha: ERROR: " + program + "alpha: completed, but with some errors"));
    CHECK(failed.end == RsnapshotEnd::errors);
    CHECK(failed.error == "/usr/bin/rsync returned 12 while processing h:/x/");

    const std::string warned =
        at("12:00:02", "WARNING: " + program + "alpha: completed, but with some warnings");
    const std::string about = "WARNING: Some files and/or directories in ";
    const auto partial = ending(
        at("12:00:01", about + "/etc/ only transferred partially during rsync operation") + warned);
    CHECK(partial.end == RsnapshotEnd::warnings);
    CHECK(partial.partial);
    for (const std::string harmless : {"/etc/ vanished during rsync operation",
                                       "/r/alpha.0/ only transferred partially during "
                                       "rsync_cleanup_after_native_cp_al operation"})
        CHECK_FALSE(ending(at("12:00:01", about + harmless) + warned).partial);
    CHECK_FALSE(ending(at("12:00:01", "WARNING: Removing stale lockfile /r/pid") + warned).partial);
}

TEST_CASE("rsnapshot: a killed run has no end, and a run that finds the lock is none") {
    const test::TimeZone zone("UTC");
    auto runs = parse_rsnapshot_log(at("11:00:00", program + "alpha: started") +
                                    at("11:00:00", "echo 17 > /r/pid") + good_run("00"));
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].end == RsnapshotEnd::none);
    CHECK(runs[0].process == 17);
    CHECK(runs[1].end == RsnapshotEnd::success);

    runs = parse_rsnapshot_log(
        at("12:00:00", program + "alpha: started") + at("12:01:00", program + "beta: started") +
        at("12:01:00", program + "beta: ERROR: Lockfile /r/pid exists and so does its process, can "
                                 "not continue") +
        at("12:02:00", program + "alpha: completed successfully"));
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].end == RsnapshotEnd::success);
    CHECK(runs[1].end == RsnapshotEnd::errors);

    runs = parse_rsnapshot_log(
        at("12:00:00", program + "alpha: ERROR: /etc/x.conf on line 11:") +
        at("12:00:00", program + "alpha: ERROR: Errors were found in /etc/x.conf,"));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].end == RsnapshotEnd::errors);
    CHECK(runs[0].error == "/etc/x.conf on line 11:");
}

TEST_CASE("a part of rsnapshot's log, and what is none") {
    const test::TimeZone zone("UTC");
    CHECK(parse_rsnapshot_log("").empty());
    CHECK(
        parse_rsnapshot_log("[\n[]\n] x\n[2026-11-26T12:00:00]\n[x] rsnapshot a: started").empty());
    const std::string run = good_run("00");
    CHECK(parse_rsnapshot_log(run.substr(run.find('\n') + 1)).empty());
    // The last line is being written.
    const auto runs = parse_rsnapshot_log(run.substr(0, run.size() - 12));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].end == RsnapshotEnd::none);
}
