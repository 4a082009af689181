#include "core/preflight.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "tests/mirror.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE("a drive of a healthy mirror with a fresh backup is safe to pull") {
    const Preflight result = preflight(mirror(), "a", now);
    CHECK(result.verdict == PreflightVerdict::go);
    CHECK(result.drive == "sda (M, serial Sa)");
    CHECK(mentions(result.notes, "one more failure loses data"));
    CHECK(result.notes.at(0) == "on it: /srv (array md0)");
}

TEST_CASE("a partner with pending sectors and a backup 912 days old are reasons not to pull") {
    Report report = mirror();
    report.observations.push_back({&metric::drive_pending_sectors, "b", {}, 3, now});
    find(report, metric::backup_newest_timestamp_seconds, "srv").value = now - 912 * 86400.0;
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::no_go);
    CHECK(mentions(
        result.against,
        "if its partner sdb (M, serial Sb) dies during the rebuild, array md0 is lost; sdb "
        "has 3 unreadable sectors, was never read through as far as lastgood knows"));
    CHECK(mentions(result.against, "the newest proven backup of /srv is 912 days old (srv)"));
    find(report, metric::drive_pending_sectors, "b").value = 1;
    const Preflight one_sector = preflight(report, "a", now);
    CHECK(mentions(one_sector.against, "sdb has 1 unreadable sector,"));
    CHECK_FALSE(mentions(one_sector.against, "sectors"));
    // Only the backup is a reason not to pull the drive with the pending sectors.
    CHECK_FALSE(mentions(preflight(report, "b", now).against, "unreadable"));
}

TEST_CASE("pulling a drive must not lose data at once") {
    Report report = mirror();
    for (Observation& observation : report.observations)
        if (observation.metric == &metric::array_member_fatal && observation.label("drive") == "a")
            observation.value = 1;
    CHECK(mentions(preflight(report, "a", now).against,
                   "pulling it loses data of array md0 at once"));
    report = mirror();
    report.observations.push_back(use("a", "filesystem", "/scratch"));
    CHECK(mentions(preflight(report, "a", now).against,
                   "filesystem /scratch is on sda2 without redundancy"));
    CHECK(preflight(report, "b", now).verdict == PreflightVerdict::go);
}

TEST_CASE("a drive that alone holds copies of backups is needed") {
    Report report = mirror();
    report.observations.push_back({&metric::drive_present, "c", {}, 1, now});
    for (const char* backup : {"guests", "pg-nas", "srv"})
        report.observations.push_back({&metric::backup_drive, backup, {{"drive", "c"}}, 1, now});
    CHECK(mentions(preflight(report, "c", now).against,
                   "it holds the copies of backups guests, pg-nas, srv: they are lost with it"));
    report.observations.push_back({&metric::backup_drive, "srv", {{"drive", "a"}}, 1, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
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
    for (const char* confidence : {"activity", "", "a new word"}) {
        Report report = mirror();
        find(report, metric::backup_newest_timestamp_seconds, "srv").labels[0].second = confidence;
        CHECK(mentions(preflight(report, "a", now).against, "no copy of backup srv is proven"));
    }
    Report report = mirror();
    std::erase_if(report.observations, [](const Observation& one) {
        return one.metric->subject == SubjectKind::backup;
    });
    CHECK(mentions(preflight(report, "a", now).against, "no backup covers it"));
}

TEST_CASE("an array does not need a faulty or spare member") {
    for (const auto& [state, note] :
         {std::pair("faulty", "sda is faulty in md0; md0 does not need it"),
          std::pair("spare", "sda is a spare of md0; md0 holds no data on it")}) {
        Report report = mirror();
        for (Observation& observation : report.observations)
            if (observation.metric == &metric::array_member && observation.label("drive") == "a")
                observation.labels[3].second = state;
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
    CHECK(preflight(mirror(), "a", now - 5 - 91).verdict == PreflightVerdict::cannot_tell);
    CHECK(preflight(mirror(), "a", now - 5 + 90).verdict == PreflightVerdict::go);
    CHECK(preflight(mirror(), "a", now - 5 + 91).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("an array or a backup that could not be read is a reason not to pull") {
    Report report = mirror();
    report.observations.push_back({&metric::array_readable, "md0", {}, 0, now});
    CHECK(mentions(preflight(report, "a", now).missing, "array md0: it could not be read"));
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
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

TEST_CASE("an array whose state is not in the report gives no verdict") {
    Report report = mirror();
    std::erase_if(report.observations,
                  [](const Observation& one) { return one.metric->subject == SubjectKind::array; });
    CHECK(mentions(preflight(report, "a", now).missing, "the state of the array that sda1 is in"));
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
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

TEST_CASE("an array that does not run, has failed or is not understood is no proof of redundancy") {
    const auto verdict = [](const Metric& metric, Labels labels, double value) {
        Report report = mirror();
        report.observations.push_back({&metric, "md0", std::move(labels), value, now});
        return preflight(report, "a", now).verdict;
    };
    CHECK(verdict(metric::array_failed, {}, 1) == PreflightVerdict::no_go);
    for (const char* state :
         {"clean", "active", "active-idle", "write-pending", "readonly", "read-auto"})
        CHECK(verdict(metric::array_state, {{"state", state}}, 1) == PreflightVerdict::go);
    for (const char* state : {"inactive", "clear", "suspended", "broken", "a new word"})
        CHECK(verdict(metric::array_state, {{"state", state}}, 1) == PreflightVerdict::no_go);
    for (const Metric* metric : {&metric::array_survivable_failures, &metric::array_member_fatal}) {
        Report report = mirror();
        std::erase_if(report.observations,
                      [&](const Observation& one) { return one.metric == metric; });
        CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
    }
}

TEST_CASE("a spare of an array that does not run may hold data") {
    Report report = mirror();
    for (Observation& observation : report.observations)
        if (observation.metric == &metric::array_member) observation.labels[3].second = "spare";
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    report.observations.push_back({&metric::array_state, "md0", {{"state", "inactive"}}, 1, now});
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::no_go);
    CHECK(mentions(result.against, "array md0 is inactive"));
}

TEST_CASE("a member of another state") {
    const auto verdict = [](const char* state) {
        Report report = mirror();
        find(report, metric::array_member, "md0").labels[3].second = state;
        return preflight(report, "a", now).verdict;
    };
    CHECK(verdict("journal") == PreflightVerdict::no_go);
    CHECK(verdict("rebuilding") == PreflightVerdict::no_go);
    CHECK(verdict("replacement") == PreflightVerdict::no_go);
    CHECK(verdict("unknown") == PreflightVerdict::cannot_tell);
    CHECK(verdict("a new word") == PreflightVerdict::cannot_tell);
}

TEST_CASE("each use without an array") {
    const auto verdict = [](const char* kind, const char* name) {
        Report report = mirror();
        report.observations.push_back(use("a", kind, name));
        return preflight(report, "a", now).verdict;
    };
    CHECK(verdict("filesystem", "/scratch") == PreflightVerdict::no_go);
    CHECK(verdict("swap", "/dev/sda2") == PreflightVerdict::no_go);
    CHECK(verdict("volume", "vg0/vm-101") == PreflightVerdict::cannot_tell);
    CHECK(verdict("content", "zfs_member") == PreflightVerdict::cannot_tell);
    CHECK(verdict("unknown", "") == PreflightVerdict::cannot_tell);
    CHECK(verdict("a new word", "") == PreflightVerdict::cannot_tell);
    CHECK(verdict("none", "") == PreflightVerdict::go);
    CHECK(verdict("boot", "") == PreflightVerdict::no_go);
    Report report = mirror();
    report.observations.push_back(use("a", "boot", ""));
    report.observations.push_back(use("b", "boot", ""));
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE("a drive of which nothing is known to stand on it") {
    Report report = mirror();
    std::erase_if(report.observations,
                  [](const Observation& one) { return one.metric == &metric::drive_use; });
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::cannot_tell);
    CHECK(mentions(result.missing, "what stands on sda"));
}

TEST_CASE("an unused drive is safe to pull only if no program holds it") {
    Report report;
    report.written_at = now;
    report.observations.push_back({&metric::drive_info, "c", {{"device", "sdc"}}, 1, now});
    report.observations.push_back(
        {&metric::drive_use, "c", {{"device", "sdc"}, {"use", "none"}}, 1, now});
    const auto verdict = [&](Held held) {
        return lastgood::preflight(report, "c", now,
                                   [&](std::string_view device) {
                                       CHECK(device == "sdc");
                                       return held;
                                   })
            .verdict;
    };
    CHECK(verdict(Held::no) == PreflightVerdict::go);
    CHECK(verdict(Held::yes) == PreflightVerdict::cannot_tell);
    CHECK(verdict(Held::unknown) == PreflightVerdict::cannot_tell);
}

TEST_CASE("a partner whose health is not known is no proof of redundancy") {
    Report report = mirror();
    find(report, metric::drive_read_timestamp_seconds, "b").value = now - 3 * 86400;
    CHECK(mentions(preflight(report, "a", now).missing, "its health was read 3 days ago"));
    std::erase_if(report.observations, [](const Observation& one) {
        return one.metric == &metric::drive_read_timestamp_seconds;
    });
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
    // Unless one more may fail.
    find(report, metric::array_survivable_failures, "md0").value = 2;
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE("what stands on the array must be in a fresh backup elsewhere") {
    const auto against = [](const Metric& metric, Labels labels, double value) {
        Report report = mirror();
        report.observations.push_back({&metric, "srv", std::move(labels), value, now});
        return preflight(report, "a", now).against;
    };
    CHECK(mentions(preflight(mirror(), "a", now).notes,
                   "newest proven backup of /srv: srv is 1 h old, on another drive of this host"));
    CHECK(mentions(against(metric::backup_incomplete, {}, 1), "is incomplete"));
    CHECK(mentions(against(metric::backup_min_size_bytes, {}, 10), "the size of the newest copy"));
    Report small = mirror();
    small.observations.push_back({&metric::backup_min_size_bytes, "srv", {}, 10, now});
    small.observations.push_back({&metric::backup_size_bytes, "srv", {}, 9, now});
    CHECK(mentions(preflight(small, "a", now).against, "is too small"));
    small.observations.back().value = 10;
    CHECK(preflight(small, "a", now).verdict == PreflightVerdict::go);
    for (const char* domain : {"exact", "inferred"}) {
        Report report = mirror();
        find(report, metric::backup_newest_timestamp_seconds, "srv").labels[0].second = domain;
        CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
    }
    Report endless = mirror();
    std::erase_if(endless.observations, [](const Observation& one) {
        return one.metric == &metric::backup_max_age_seconds;
    });
    CHECK(mentions(preflight(endless, "a", now).against, "how old the newest copy of backup srv"));
    Report reported = mirror();  // a program that reports the copies does not read their place
    std::erase_if(reported.observations,
                  [](const Observation& one) { return one.metric == &metric::backup_readable; });
    CHECK(preflight(reported, "a", now).verdict == PreflightVerdict::go);
    const auto lies = [](const char* domain) {
        Report report = mirror();
        find(report, metric::backup_failure_domain, "srv").labels[0].second = domain;
        return preflight(report, "a", now);
    };
    for (const char* domain : {"same-drive", "same-filesystem"})
        CHECK(mentions(lies(domain).against, "are on the same drives"));
    CHECK(lies("off-host").verdict == PreflightVerdict::go);
    CHECK(mentions(lies("off-host").notes, "off this host"));
    for (const char* domain : {"unknown", "a new word"})
        CHECK(mentions(lies(domain).against, "where the copies of backup srv lie is not known"));

    // Another backup of it is in order.
    Report report = mirror();
    find(report, metric::backup_readable, "srv").value = 0;
    report.observations.push_back({&metric::filesystem_backup, "/srv", {{"backup", "b"}}, 1, now});
    report.observations.push_back(
        {&metric::backup_newest_timestamp_seconds, "b", {{"confidence", "exact"}}, now - 60, now});
    report.observations.push_back({&metric::backup_max_age_seconds, "b", {}, 3600, now});
    report.observations.push_back({&metric::backup_readable, "b", {}, 1, now});
    report.observations.push_back(
        {&metric::backup_failure_domain, "b", {{"domain", "off-host"}}, 1, now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);

    // A volume of a virtual machine: nothing tells what backup has it.
    report = mirror();
    for (Observation& one : report.observations)
        if (one.metric == &metric::drive_use)
            one.labels = {
                {"device", "sda1"}, {"use", "volume"}, {"name", "vg0/vm"}, {"array", "md0"}};
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::cannot_tell);
}

TEST_CASE("the newest proven backup of what stands on a drive is named with any verdict") {
    Report report = mirror();
    report.observations.push_back(use("a", "filesystem", "/scratch"));
    report.observations.push_back({&metric::filesystem_backed_up, "/scratch", {}, 0, now});
    const Preflight result = preflight(report, "a", now);
    CHECK(result.verdict == PreflightVerdict::no_go);
    CHECK(mentions(result.notes, "newest proven backup of /srv: srv is 1 h old"));
    CHECK(mentions(result.notes, "no proven backup of /scratch: no backup covers it"));
    find(report, metric::backup_newest_timestamp_seconds, "srv").value = now + 3600;
    CHECK(preflight(report, "a", now).against.size() == 1);  // the clocks of two hosts differ
    find(report, metric::backup_newest_timestamp_seconds, "srv").value = now + 3601;
    CHECK(mentions(preflight(report, "a", now).against, "from the future"));
}

TEST_CASE("a partner of which lastgood warns is a reason not to pull") {
    for (const Severity severity : {Severity::critical, Severity::warning}) {
        Report report = mirror();
        Finding finding;
        finding.rule = "drive_slow";
        finding.severity = severity;
        finding.kind = SubjectKind::drive;
        finding.subject = "b";
        finding.summary = "Writes take 7 s";
        report.findings.push_back(finding);
        CHECK(mentions(preflight(report, "a", now).against, "Writes take 7 s"));
    }
}

TEST_CASE("a partner that the array could not write, or that a collector could not read") {
    Report report = mirror();
    report.observations.push_back(
        {&metric::array_member_bad_blocks, "md0", {{"device", "sdb1"}, {"drive", "b"}}, 2, now});
    CHECK(mentions(preflight(report, "a", now).against, "2 ranges that the array could not write"));
    report = mirror();
    report.problems.push_back({"smart", "b", "no answer", now});
    CHECK(mentions(preflight(report, "a", now).missing, "collector smart could not read it"));
    // Unless one more may fail.
    report = mirror();
    find(report, metric::array_survivable_failures, "md0").value = 2;
    report.problems.push_back({"smart", "b", "no answer", now});
    CHECK(preflight(report, "a", now).verdict == PreflightVerdict::go);
}

TEST_CASE("each reason has its step, and none stands twice") {
    Report report = mirror();
    report.observations.push_back(use("a", "swap", "/dev/sda2"));
    report.observations.push_back(use("a", "filesystem", "/scratch"));
    for (int i = 0; i < 2; ++i)
        report.observations.push_back(
            {&metric::array_sync_progress_ratio, "md0", {{"action", "recover"}}, 0.4, now});
    CHECK(preflight(report, "a", now).steps ==
          std::vector<std::string>{"Wait until that is done: lastgood status md0",
                                   "swapoff /dev/sda2",
                                   "Move what is in /scratch elsewhere and unmount it."});
    CHECK(preflight(mirror(), "a", now).steps.empty());
    report = mirror();
    report.observations.push_back(use("a", "filesystem", "/"));
    CHECK(preflight(report, "a", now).steps ==
          std::vector<std::string>{
              "The running system is on /: back it up, and shut the host down first."});
}

TEST_CASE("a member that its array has kicked is held by the array, not by a program") {
    for (const char* kind : {"none", "content"}) {
        Report report = mirror();
        for (Observation& one : report.observations) {
            if (one.metric == &metric::array_member && one.label("drive") == "a")
                one.labels[3].second = "faulty";
            if (one.metric == &metric::drive_use && one.subject == "a")
                one.labels = {{"device", "sda1"}, {"use", kind}};
        }
        const auto result =
            lastgood::preflight(report, "a", now, [](std::string_view) { return Held::yes; });
        CHECK(result.verdict == PreflightVerdict::go);
        CHECK(mentions(result.notes, "sda is faulty in md0; md0 does not need it"));
    }
}
