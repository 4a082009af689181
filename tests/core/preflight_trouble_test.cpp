// What forbids to pull a drive although its array has every member.
#include <doctest/doctest.h>

#include "tests/mirror.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

Observation& member(Report& report, std::string_view drive) {
    for (Observation& one : report.observations)
        if (one.metric == &metric::array_member && one.label("drive") == drive) return one;
    FAIL("no such member");
    return report.observations[0];
}

// A RAID 6 of sda to sdd.
Report raid6() {
    Report report = mirror();
    for (const char* drive : {"c", "d"}) {
        const std::string device = fmt::format("sd{}", drive);
        const auto add = [&](const Metric& metric, const char* subject, Labels labels,
                             double value) {
            report.observations.push_back({&metric, subject, std::move(labels), value, now - 5});
        };
        add(metric::drive_info, drive, {{"device", device}}, 1);
        add(metric::drive_present, drive, {}, 1);
        add(metric::drive_read_timestamp_seconds, drive, {}, now - 60);
        add(metric::array_member, "md0",
            {{"device", device + "1"}, {"drive", drive}, {"slot", "2"}, {"state", "in_sync"}}, 1);
        add(metric::array_member_fatal, "md0", {{"device", device + "1"}, {"drive", drive}}, 0);
        add(metric::drive_use, drive,
            {{"device", device + "1"}, {"use", "filesystem"}, {"name", "/srv"}, {"array", "md0"}},
            1);
    }
    find(report, metric::array_survivable_failures, "md0").value = 2;
    return report;
}

}  // namespace

TEST_CASE("a resync or rebuild that waits or has no progress yet forbids to pull a member") {
    for (const char* phase : {"running", "delayed", "pending", "remote"}) {
        Report report = mirror();
        report.observations.push_back(
            {&metric::array_sync_action, "md0", {{"action", "resync"}, {"phase", phase}}, 1, now});
        CHECK(mentions(preflight(report, "a", now).against,
                       fmt::format("array md0 is busy with a resync ({})", phase)));
        report.observations.back().labels[0].second = "check";
        CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    }
    Report report = mirror();
    report.observations.push_back(
        {&metric::array_sync_action, "md0", {{"action", "idle"}, {"phase", "none"}}, 1, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE(
    "a member that a rebuild reads loses data at once, and the rebuild tells when to ask again") {
    Report report = mirror();
    report.observations.push_back(
        {&metric::array_sync_progress_ratio, "md0", {{"action", "recover"}}, 0.125, now});
    report.observations.push_back(
        {&metric::array_sync_remaining_seconds, "md0", {{"action", "recover"}}, 36000, now});
    for (Observation& one : report.observations)
        if (one.metric == &metric::array_member_fatal && one.label("drive") == "a") one.value = 1;
    const Preflight result = preflight(report, "a", now);
    CHECK(mentions(result.against, "pulling it loses data of array md0 at once"));
    CHECK(mentions(result.against, "array md0 is busy with a rebuild (12% done, about 10 h left)"));
    CHECK_FALSE(mentions(preflight(report, "b", now).against, "at once"));
}

TEST_CASE("what md notes at a partner is a reason not to pull") {
    for (const auto& [flags, words] :
         {std::pair("write_error", "sdb had a write error"),
          std::pair("failfast,want_replacement", "sdb is marked to be replaced"),
          std::pair("blocked", "sdb is blocked")}) {
        Report report = mirror();
        member(report, "b").labels.emplace_back("flags", flags);
        CHECK(mentions(preflight(report, "a", now).against, words));
    }
    Report report = mirror();
    member(report, "b").labels.emplace_back("flags", "write_mostly,failfast");
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.push_back(
        {&metric::array_member_errors_total, "md0", {{"device", "sdb1"}, {"drive", "b"}}, 9, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.back().value = 10;
    CHECK(mentions(preflight(report, "a", now).against,
                   "sdb has 10 read errors that the array repaired"));
}

TEST_CASE("copies that differ are no proof that the partner's is right") {
    Report report = mirror();
    report.observations.push_back({&metric::array_mismatch_sectors, "md0", {}, 128, now});
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "which copy of 128 sectors of array md0 is right"));
    report.observations.back().value = 0;
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE("an array with failures to spare needs fewer troubled partners than that") {
    Report report = raid6();
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.push_back({&metric::drive_smart_passed, "c", {}, 0, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.push_back({&metric::drive_pending_sectors, "d", {}, 3, now});
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::no_go);
    CHECK(mentions(result.against,
                   "array md0 survives only 1 more failure while it is rebuilt, and sdd has 3 "
                   "unreadable sectors"));
    CHECK(mentions(result.against, "and sdc reports that it is failing"));
    // One of the two may go.
    CHECK(preflight(report, "d", now).verdict == PreflightVerdict::go);
}

TEST_CASE("an accepted finding does not make a partner sound") {
    Report report = mirror();
    Finding finding{"drive_suspect_self_test",
                    Severity::warning,
                    SubjectKind::drive,
                    "b",
                    "It failed its self-test.",
                    {},
                    now,
                    1};
    finding.accepted = Acceptance{finding.rule, finding.kind, "b", {}, now + 86400, "me", "why"};
    report.findings.push_back(finding);
    CHECK(mentions(preflight(report, "a", now).against, "has an accepted finding"));
    report.findings[0].severity = Severity::unknown;
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE("a physical volume of LVM may hold volumes that are not active") {
    Report report = mirror();
    report.observations.push_back(use("a", "volumes", ""));
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "whether sda2 holds a volume that is not active"));
    CHECK(mentions(result.steps, "pvdisplay -m /dev/sda2"));
}

TEST_CASE("a filesystem that lastgood asks no backup of") {
    Report report = mirror();
    std::erase_if(report.observations, [](const Observation& one) {
        return one.metric == &metric::filesystem_backed_up;
    });
    const auto set = [&](const Metric& metric, double value) {
        report.observations.push_back({&metric, "/srv", {}, value, now});
    };
    // Its type is not known.
    CHECK(mentions(preflight(report, "a", now).missing, "whether a backup has what is on /srv"));
    set(metric::filesystem_ephemeral, 0);
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    set(metric::filesystem_read_only_intended, 1);
    CHECK(mentions(preflight(report, "a", now).missing, "whether a backup has what is on /srv"));
    set(metric::filesystem_backup_waived, 1);
    const Preflight waived = preflight(report, "a", now);
    CHECK(waived.verdict == PreflightVerdict::go);
    CHECK(mentions(waived.notes, "no backup of /srv: the configuration says that it needs none"));
}

TEST_CASE("errors that btrfs counted leave open which drive's copies are right") {
    Report report = mirror();
    report.observations.push_back({&metric::filesystem_kernel_errors_total, "/srv", {}, 12, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    for (Observation& one : report.observations) {
        if (one.subject == "md0") one.subject = "btrfs-1";
        for (auto& [key, value] : one.labels)
            if (key == "array") value = "btrfs-1";
    }
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "btrfs counted 12 errors"));
    CHECK(mentions(result.steps, "btrfs device stats /srv"));
}

TEST_CASE("a container of external metadata is inactive, and its arrays are asked") {
    Report report = mirror();
    for (const char* drive : {"a", "b"})
        report.observations.push_back({&metric::array_member,
                                       "md127",
                                       {{"device", fmt::format("sd{}", drive)},
                                        {"drive", drive},
                                        {"slot", ""},
                                        {"state", "spare"}},
                                       1,
                                       now});
    report.observations.push_back(
        {&metric::array_info, "md127", {{"device", "md127"}, {"level", "container"}}, 1, now});
    report.observations.push_back({&metric::array_state, "md127", {{"state", "inactive"}}, 1, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    // Without an array of it nobody knows what the drive holds.
    std::erase_if(report.observations, [](const Observation& one) {
        return one.metric == &metric::drive_use || one.subject == "md0";
    });
    report.observations.push_back(use("a", "content", "isw_raid_member"));
    report.observations.back().labels[0].second = "sda";
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "what sda holds for container md127"));
}

TEST_CASE("while nobody reads the kernel log, nobody knows the errors of the partners") {
    Report report = mirror();
    find(report, metric::collector_success, "kernel_log").value = 0;
    const Preflight failing = preflight(report, "a", now);
    CHECK(failing.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(failing.missing, "whether the kernel logged errors of the drives of md0"));
    std::erase_if(report.observations,
                  [](const Observation& one) { return one.metric == &metric::collector_success; });
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("a drive with errors may only look empty") {
    Report report = mirror();
    report.observations.push_back(use("a", "none", ""));
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.push_back(
        {&metric::drive_kernel_errors_recent, "a", {{"kind", "medium"}}, 1, now});
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "whether sda2 is empty"));
    report.observations.back().value = 0;
    report.observations.push_back({&metric::drive_answering, "a", {}, 0, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("a mirror of the two units of one drive goes with it") {
    Report report = mirror();
    // As the collector writes it of a drive whose second unit is sdb.
    report.observations.push_back(use("a", "filesystem", "/srv"));
    report.observations.back().labels = {
        {"device", "sdb1"}, {"use", "filesystem"}, {"name", "/srv"}, {"array", "md0"}};
    CHECK(mentions(preflight(report, "a", now).against, "pulling it takes 2 members of array md0"));
}

TEST_CASE(
    "a partner that has disappeared, or whose drive is not known, is no proof of redundancy") {
    Report report = mirror();
    find(report, metric::drive_present, "b").value = 0;
    CHECK(mentions(preflight(report, "a", now).against, "sdb has disappeared"));
    report = mirror();
    member(report, "b").labels[1].second = "";
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "which drive sdb1 of array md0 is on"));
}

TEST_CASE("one of the drive's members may be the only copy, whatever the others are") {
    Report report = mirror();
    find(report, metric::array_member_fatal, "md0").value = 1;
    find(report, metric::array_survivable_failures, "md0").value = 2;
    const Labels second{{"device", "sda2"}, {"drive", "a"}, {"slot", "2"}, {"state", "in_sync"}};
    report.observations.push_back({&metric::array_member, "md0", second, 1, now});
    report.observations.push_back(
        {&metric::array_member_fatal, "md0", {{"device", "sda2"}, {"drive", "a"}}, 0, now});
    CHECK(mentions(preflight(report, "a", now).against, "loses data of array md0 at once"));
}

TEST_CASE("a fresh backup with a warning proves nothing") {
    Report report = mirror();
    report.findings.push_back({"backup_lock_old",
                               Severity::warning,
                               SubjectKind::backup,
                               "srv",
                               "It is locked.",
                               {},
                               now,
                               1});
    CHECK(mentions(preflight(report, "a", now).against, "backup srv: It is locked"));
}

TEST_CASE("a fresh backup that a collector could not read proves nothing") {
    Report report = mirror();
    report.problems.push_back({"backups", "srv", "no answer", now});
    CHECK(mentions(preflight(report, "a", now).against, "backup srv: collector backups says"));
}
