#include "rules/preflight.hpp"

#include <doctest/doctest.h>

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000;

// A RAID 1 of sda and sdb with /srv on it, and a backup made an hour ago.
Report mirror() {
    Report report;
    report.written_at = now - 5;
    const auto add = [&](const Metric& metric, const char* subject, Labels labels, double value) {
        report.observations.push_back({&metric, subject, std::move(labels), value, now - 5});
    };
    for (const char* drive : {"a", "b"}) {
        const std::string device = std::string("sd") + drive;
        add(metric::drive_info, drive,
            {{"device", device}, {"model", "M"}, {"serial", std::string("S") + drive}}, 1);
        add(metric::drive_present, drive, {}, 1);
        add(metric::array_member, "md0",
            {{"device", device + "1"}, {"drive", drive}, {"slot", "0"}, {"state", "in_sync"}}, 1);
        add(metric::array_member_fatal, "md0", {{"device", device + "1"}, {"drive", drive}}, 0);
        add(metric::filesystem_drive, "/srv", {{"drive", drive}}, 1);
    }
    add(metric::array_survivable_failures, "md0", {}, 1);
    add(metric::backup_newest_timestamp_seconds, "srv", {{"confidence", "exact"}}, now - 3600);
    add(metric::backup_max_age_seconds, "srv", {}, 86400);
    add(metric::backup_readable, "srv", {}, 1);
    return report;
}

Observation& find(Report& report, const Metric& metric, std::string_view subject) {
    for (Observation& observation : report.observations)
        if (observation.metric == &metric && observation.subject == subject) return observation;
    FAIL("no such observation");
    return report.observations[0];
}

bool mentions(const std::vector<std::string>& reasons, std::string_view words) {
    for (const std::string& reason : reasons)
        if (reason.find(words) != reason.npos) return true;
    return false;
}

}  // namespace

TEST_CASE("a drive of a healthy mirror with a fresh backup is safe to pull") {
    const Preflight result = preflight(mirror(), "a", now);
    CHECK(result.verdict == PreflightVerdict::go);
    CHECK(result.drive == "sda (M, serial Sa)");
    CHECK(mentions(result.notes, "one more failure loses data"));
}

TEST_CASE("a partner with pending sectors and a backup 912 days old are reasons not to pull") {
    Report report = mirror();
    report.observations.push_back({&metric::drive_pending_sectors, "b", {}, 3, now});
    find(report, metric::backup_newest_timestamp_seconds, "srv").value = now - 912 * 86400.0;
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::no_go);
    CHECK(
        mentions(result.against,
                 "if sdb (M, serial Sb) fails during the rebuild, the data of md0 is lost, and it "
                 "has 3 pending sectors"));
    CHECK(mentions(result.against, "912 days old"));
    find(report, metric::drive_pending_sectors, "b").value = 1;
    const Preflight one_sector = preflight(report, "a", now);
    CHECK(mentions(one_sector.against, "it has 1 pending sector"));
    CHECK_FALSE(mentions(one_sector.against, "sectors"));
    // Only the backup is a reason not to pull the drive with the pending sectors.
    CHECK_FALSE(mentions(preflight(report, "b", now).against, "pending"));
}

TEST_CASE("pulling a drive must not lose data at once") {
    Report report = mirror();
    for (Observation& observation : report.observations)
        if (observation.metric == &metric::array_member_fatal && observation.label("drive") == "a")
            observation.value = 1;
    CHECK(mentions(preflight(report, "a", now).against,
                   "pulling it loses data of array md0 at once"));
    report = mirror();
    report.observations.push_back(
        {&metric::filesystem_drive, "/scratch", {{"drive", "a"}}, 1, now});
    CHECK(mentions(preflight(report, "a", now).against, "/scratch lies on this drive alone"));
    CHECK(preflight(report, "b", now).verdict == PreflightVerdict::go);
}

TEST_CASE("a drive is safe to pull during a check, but not during a rebuild") {
    Report report = mirror();
    report.observations.push_back(
        {&metric::array_sync_progress_ratio, "md0", {{"action", "recover"}}, 0.4, now});
    CHECK(mentions(preflight(report, "a", now).against, "40% done"));
    report.observations.back().labels[0].second = "check";
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE("a copy without proof does not count as a backup") {
    for (const char* confidence : {"activity"}) {
        Report report = mirror();
        find(report, metric::backup_newest_timestamp_seconds, "srv").labels[0].second = confidence;
        CHECK(mentions(preflight(report, "a", now).against, "has no copy"));
    }
    Report report = mirror();
    std::erase_if(report.observations, [](const Observation& one) {
        return one.metric->subject == SubjectKind::backup;
    });
    CHECK(mentions(preflight(report, "a", now).against, "no backup is configured"));
}

TEST_CASE("an array does not need a faulty or spare member") {
    for (const auto& [state, note] :
         {std::pair("faulty", "sda is faulty in md0; md0 does not need it"),
          std::pair("spare", "sda is a spare of md0; md0 holds no data on it")}) {
        Report report = mirror();
        for (Observation& observation : report.observations)
            if (observation.metric == &metric::array_member && observation.label("drive") == "a")
                observation.labels[3].second = state;
        std::erase_if(report.observations, [](const Observation& one) {
            return one.metric == &metric::filesystem_drive && one.label("drive") == "a";
        });
        const Preflight result = preflight(report, "a", now);
        CHECK(result.verdict == PreflightVerdict::go);
        CHECK(mentions(result.notes, note));
    }
}

TEST_CASE("an old report or an unknown drive gives no verdict") {
    CHECK(preflight(mirror(), "a", now + 1000).verdict == PreflightVerdict::cannot_tell);
    CHECK(preflight(mirror(), "c", now).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("a report from the future gives no verdict") {
    CHECK(preflight(mirror(), "a", now - 5 - 121).verdict == PreflightVerdict::cannot_tell);
    CHECK(preflight(mirror(), "a", now - 5 + 120).verdict == PreflightVerdict::go);
    CHECK(preflight(mirror(), "a", now - 5 + 121).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("an array or a backup that could not be read is a reason not to pull") {
    Report report = mirror();
    report.observations.push_back({&metric::array_readable, "md0", {}, 0, now});
    CHECK(mentions(preflight(report, "a", now).against, "array md0 could not be read"));
    report = mirror();
    find(report, metric::backup_readable, "srv").value = 0;
    CHECK(mentions(preflight(report, "a", now).against, "backup srv could not be read"));
}

TEST_CASE("each sign of trouble of a partner is a reason not to pull") {
    const auto against = [](Observation about_partner) {
        Report report = mirror();
        report.observations.push_back(std::move(about_partner));
        return preflight(report, "a", now).against;
    };
    CHECK(mentions(against({&metric::drive_answering, "b", {}, 0, now}), "does not answer"));
    CHECK(against({&metric::drive_answering, "b", {}, 1, now}).empty());
    CHECK(mentions(against({&metric::drive_smart_passed, "b", {}, 0, now}), "it is failing"));
    CHECK(mentions(against({&metric::drive_attributes_failing, "b", {}, 1, now}),
                   "has 1 attribute at its threshold"));
    CHECK(mentions(against({&metric::drive_offline_uncorrectable_sectors, "b", {}, 2, now}),
                   "2 uncorrectable sectors"));
    Report report = mirror();
    for (const auto& [kind, count] : {std::pair("io", 2.0), {"medium", 3.0}})
        report.observations.push_back(
            {&metric::drive_kernel_errors_recent, "b", {{"kind", kind}}, count, now});
    CHECK(mentions(preflight(report, "a", now).against, "had 5 recent kernel errors"));
}

TEST_CASE("a filesystem on several drives without an array is a reason not to pull") {
    Report report = mirror();
    std::erase_if(report.observations,
                  [](const Observation& one) { return one.metric->subject == SubjectKind::array; });
    CHECK(mentions(preflight(report, "a", now).against,
                   "filesystem /srv lies on this and other drives, without known redundancy"));
}

TEST_CASE("an array that survives more losses is not a reason not to pull") {
    Report report = mirror();
    find(report, metric::array_survivable_failures, "md0").value = 2;
    report.observations.push_back({&metric::drive_pending_sectors, "b", {}, 3, now});
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::go);
    CHECK(mentions(result.notes, "array md0 survives 1 more failure while it is rebuilt"));
}

TEST_CASE("a drive with several members of one array takes all of them along") {
    Report report = mirror();
    const auto add_member = [&](const char* device, const char* state) {
        report.observations.push_back({&metric::array_member,
                                       "md0",
                                       {{"device", device}, {"drive", "a"}, {"state", state}},
                                       1,
                                       now});
    };
    const auto judged = [&] { return preflight(report, "a", now); };
    // The faulty member does not hide the one that holds data.
    add_member("sda2", "faulty");
    CHECK_FALSE(mentions(judged().notes, "does not need it"));
    CHECK(mentions(judged().notes, "one more failure loses data"));
    find(report, metric::array_survivable_failures, "md0").value = 2;
    CHECK(mentions(judged().notes, "survives 1 more failure"));
    add_member("sda3", "in_sync");
    CHECK(judged().verdict == PreflightVerdict::go);
    CHECK(mentions(judged().notes, "one more failure loses data"));
    find(report, metric::array_survivable_failures, "md0").value = 1;
    CHECK(judged().verdict == PreflightVerdict::no_go);
    CHECK(mentions(
        judged().against,
        "pulling it takes 2 members of array md0 at once, more than it is sure to survive"));
}
