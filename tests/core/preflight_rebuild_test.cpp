// What a rebuild asks of the partner: that all of it can be read, for hours.
#include <doctest/doctest.h>

#include "core/metrics/array_risk.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/latency.hpp"
#include "tests/mirror.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

constexpr double day = 86400;

void add(Report& report, const Metric& metric, const char* subject, double value,
         Labels labels = {}) {
    report.observations.push_back({&metric, subject, std::move(labels), value, now});
}

// 3.6 TB at 110 MB/s, last checked 212 days ago.
Report story() {
    Report report = mirror();
    add(report, metric::drive_pending_sectors, "b", 12);
    add(report, metric::array_last_check_timestamp_seconds, "md0", now - 212 * day);
    add(report, metric::array_rebuild_bytes, "md0", 3.6e12);
    add(report, metric::array_rebuild_bytes_per_second, "md0", 110e6, {{"basis", "measured"}});
    add(report, metric::data_info, "mysql", 1,
        {{"filesystem", "/srv"}, {"kind", "mysql"}, {"path", "/srv/mysql"}, {"title", ""}});
    add(report, metric::data_backed_up, "mysql", 1);
    add(report, metric::data_backup, "mysql", 1, {{"backup", "db"}, {"content", "database"}});
    add(report, metric::backup_newest_timestamp_seconds, "db", now - 912 * day,
        {{"confidence", "exact"}});
    add(report, metric::backup_max_age_seconds, "db", day);
    add(report, metric::backup_readable, "db", 1);
    add(report, metric::backup_failure_domain, "db", 1, {{"domain", "off-host"}});
    return report;
}

}  // namespace

TEST_CASE("the story: who must not die, what is wrong with it, for how long, and what is lost") {
    const Preflight result = preflight(story(), "a", now);
    CHECK(result.verdict == PreflightVerdict::no_go);
    REQUIRE(result.against.size() == 2);
    CHECK(result.against[0] ==
          "if its partner sdb (M, serial Sb) dies during the rebuild, array md0 is lost; sdb has "
          "12 unreadable sectors, was last read through 212 days ago, the rebuild will take about "
          "9 h at 110 MB/s");
    CHECK(result.against[1] == "the newest proven backup of /srv/mysql is 912 days old (db)");
}

TEST_CASE("a partner that was not read through for long may hide unreadable sectors") {
    Report report = mirror();
    add(report, metric::array_last_check_timestamp_seconds, "md0", now - 34 * day);
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.back().value = now - 36 * day;
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "it was last read through 36 days ago"));
    CHECK(mentions(result.steps, "Check the array first"));
    // A self-test that it passed read it, too.
    add(report, metric::drive_self_test_age_seconds, "b", 5 * day, {{"type", "extended"}});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
    add(report, metric::drive_self_test_failed, "b", 0);
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.back().value = 1;
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("an array that was never seen to be checked counts from when it was first seen") {
    Report report = mirror();
    add(report, metric::array_unchecked_since_timestamp_seconds, "md0", now - 20 * day);
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.back().value = now - 40 * day;
    CHECK(mentions(preflight(report, "a", now).missing,
                   "has not been read through in the 40 days since lastgood knows md0"));
}

TEST_CASE("a slow partner is a reason not to pull") {
    Report report = mirror();
    add(report, metric::drive_slow_ratio, "b", 12,
        {{"against", "the other members of md0"}, {"operation", "read"}, {"pace", "noted"}});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.back().labels[2].second = "slow";
    CHECK(mentions(preflight(report, "a", now).against,
                   "sdb takes 12 times as long for a read as the other members of md0"));
}

TEST_CASE("a partner like the drive ages like it: told, but no reason alone") {
    Report report = mirror();
    for (Observation& one : report.observations)
        if (one.metric == &metric::drive_info) one.labels.emplace_back("firmware", "F1");
    add(report, metric::drive_power_on_seconds, "a", 1000 * day);
    add(report, metric::drive_power_on_seconds, "b", 901 * day);
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    CHECK(
        mentions(preflight(report, "a", now).notes, "sdb is of the same model, firmware and age"));
    report.observations.back().value = 899 * day;
    CHECK_FALSE(mentions(preflight(report, "a", now).notes, "same model"));
}

TEST_CASE("of a RAID 10 only the partner must not die") {
    Report report = mirror();
    find(report, metric::array_members, "md0").value = 4;
    add(report, metric::drive_pending_sectors, "b", 12);
    add(report, metric::array_member_partner, "md0", 1,
        {{"drive", "a"}, {"device", "sda1"}, {"partner", "sdc1"}});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.back().labels[2].second = "sdb1";
    CHECK(mentions(preflight(report, "a", now).against, "if its partner sdb"));
}

TEST_CASE("the time of a rebuild is said as about") {
    Report report = mirror();
    const auto told = [&](double bytes, double speed) {
        Report with = report;
        add(with, metric::array_rebuild_bytes, "md0", bytes);
        add(with, metric::array_rebuild_bytes_per_second, "md0", speed, {{"basis", "assumed"}});
        const auto notes = preflight(with, "a", now).notes;
        return notes.at(1).substr(notes.at(1).rfind("data") + 4);
    };
    CHECK(told(4e12, 120e6) == ": about 9 h at 120 MB/s, as is usual for such drives");
    CHECK(told(20e12, 20e6) == ": about 12 days at 20 MB/s, as is usual for such drives");
    CHECK(told(10e9, 5.5e6) == ": about 30 min at 5.5 MB/s, as is usual for such drives");
    CHECK(told(1, 5e6) == ": about 1 min at 5.0 MB/s, as is usual for such drives");
    CHECK(told(4e12, 0).empty());
}

TEST_CASE("a backup of the filesystem that leaves its database out proves nothing of that") {
    Report report = mirror();
    add(report, metric::data_info, "db", 1,
        {{"filesystem", "/srv"}, {"kind", "mysql"}, {"path", "/srv/db"}, {"title", ""}});
    add(report, metric::data_backed_up, "db", 0);
    CHECK(mentions(preflight(report, "a", now).against,
                   "if the rebuild fails, /srv/db cannot be restored: no backup covers it"));
    report.observations.back().value = 1;
    add(report, metric::data_backup, "db", 1, {{"backup", "srv"}, {"content", "files"}});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    add(report, metric::data_server_running, "db", 1);
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::no_go);
}

TEST_CASE("the slot and its light are told where the host can tell") {
    Report report = mirror();
    CHECK_FALSE(mentions(preflight(report, "a", now).notes, "slot"));
    add(report, metric::drive_slot, "a", 1, {{"enclosure", "0:0:8:0"}, {"slot", "Slot 03"}});
    CHECK(mentions(preflight(report, "a", now).notes,
                   "it is in slot \"Slot 03\" of enclosure 0:0:8:0; its light: ledctl "
                   "locate=/dev/sda"));
}
