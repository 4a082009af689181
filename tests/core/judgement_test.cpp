#include "core/judgement.hpp"

#include <doctest/doctest.h>

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "tests/core/made_report.hpp"

using namespace lastgood;
using Made = test::MadeReport;
using test::now;

namespace {

// A RAID 1 of sda and sdb that survives one loss.
Made mirror() {
    Made report;
    for (const char* drive : {"sda", "sdb"}) {
        report.drive(drive)
            .add(metric::array_member, "md0", 1,
                 {{"device", drive}, {"drive", drive}, {"state", "in_sync"}})
            .add(metric::array_member_fatal, "md0", 0, {{"device", drive}, {"drive", drive}});
    }
    return report.add(metric::array_survivable_failures, "md0", 1)
        .add(metric::array_degraded_members, "md0", 0);
}

}  // namespace

TEST_CASE("an accepted finding silences what it says, and nothing else") {
    const auto gone = [](const char* rule) {
        return Made()
            .drive("sda")
            .add(metric::drive_present, "sda", 0)
            .find(rule, Severity::critical, SubjectKind::drive, "sda")
            .accept()
            .of(SubjectKind::drive, "sda")
            .health;
    };
    CHECK(gone("drive_gone") == Health::fine);
    CHECK(gone("drive_suspect_reallocated") == Health::unknown);
    const auto degraded = [](const char* rule) {
        return Made()
            .add(metric::array_degraded_members, "md0", 1)
            .find(rule, Severity::warning, SubjectKind::array, "md0")
            .accept()
            .of(SubjectKind::array, "md0")
            .health;
    };
    CHECK(degraded("array_degraded_redundant") == Health::fine);
    CHECK(degraded("array_mismatches") == Health::unknown);
    const auto late = [](const char* rule) {
        Made report = test::fresh_backup();
        report.observations.back().value = now - 9 * 86400;
        return report.find(rule, Severity::warning, SubjectKind::backup, "b")
            .accept()
            .of(SubjectKind::backup, "b")
            .health;
    };
    CHECK(late("backup_too_old") == Health::fine);
    CHECK(late("backup_far_too_old") == Health::fine);
    CHECK(late("backup_lock_old") == Health::unknown);
    CHECK(Made()
              .add(metric::filesystem_responding, "/", 0)
              .find("filesystem_full", Severity::warning, SubjectKind::filesystem, "/")
              .accept()
              .of(SubjectKind::filesystem, "/")
              .health == Health::unknown);
}

TEST_CASE("what is wrong elsewhere makes a drive vital") {
    CHECK(mirror().of(SubjectKind::drive, "sda").health == Health::fine);
    const auto other = mirror().find("drive_slow", Severity::critical, SubjectKind::drive, "sdb");
    const Judgement kept = other.of(SubjectKind::drive, "sda");
    CHECK(kept.health == Health::warning);
    REQUIRE(kept.reasons.size() == 1);
    CHECK(kept.reasons[0].must_stay);
    CHECK(kept.reasons[0].text.starts_with(
        "it must not be pulled: if its fellow member sdb dies during"));
    for (const Reason& reason : other.of(SubjectKind::drive, "sdb").reasons)
        CHECK_FALSE(reason.must_stay);
    // With one more to lose, it may be pulled.
    Made three = other;
    for (Observation& one : three.observations)
        if (one.metric == &metric::array_survivable_failures) one.value = 2;
    CHECK(three.of(SubjectKind::drive, "sda").health == Health::fine);

    const auto failed = mirror()
                            .add(metric::array_failed, "md0", 1)
                            .find("array_failed", Severity::critical, SubjectKind::array, "md0");
    CHECK(failed.of(SubjectKind::drive, "sda").health == Health::critical);
    const auto busy =
        mirror()
            .add(metric::array_sync_progress_ratio, "md0", 0.5, {{"action", "recover"}})
            .find("array_rebuilding", Severity::warning, SubjectKind::array, "md0");
    CHECK(busy.of(SubjectKind::drive, "sda").health == Health::warning);
    // Nothing is wrong while a check runs, and what is accepted shouts nowhere.
    const auto check =
        mirror().add(metric::array_sync_progress_ratio, "md0", 0.5, {{"action", "check"}});
    CHECK(check.of(SubjectKind::drive, "sda").health == Health::fine);
    CHECK(Made(other).accept().of(SubjectKind::drive, "sda").health == Health::fine);
}

TEST_CASE("a filesystem is not fine on an array of unknown state or with a backup of none") {
    Made report;
    report.add(metric::filesystem_size_bytes, "/", 1)
        .add(metric::filesystem_info, "/", 1, {{"device", "md0"}})
        .add(metric::array_info, "md0", 1, {{"device", "md0"}})
        .add(metric::array_degraded_members, "md0", 0);
    CHECK(report.of(SubjectKind::filesystem, "/").health == Health::fine);
    CHECK(Made(report)
              .add(metric::array_readable, "md0", 0)
              .of(SubjectKind::filesystem, "/")
              .health == Health::unknown);
    Made covered = test::fresh_backup();
    covered.observations.insert(covered.observations.end(), report.observations.begin(),
                                report.observations.end());
    covered.add(metric::filesystem_backed_up, "/", 1);
    const auto cover = [](const Made& made) {
        const Facts facts(made);
        return Judge(made, facts, now).cover_of(*facts.find(SubjectKind::filesystem, "/"));
    };
    CHECK(cover(covered).word == "yes");
    // Which of two backups has it is not known, and one of them is stale.
    Made two = covered;
    two.add(metric::backup_max_age_seconds, "c", 86400)
        .add(metric::backup_newest_timestamp_seconds, "c", now - 9 * 86400,
             {{"confidence", "exact"}});
    CHECK(cover(two).word == "unclear");
    CHECK(cover(two).health == Health::unknown);
    covered.add(metric::filesystem_backup, "/", 1, {{"backup", "a"}});
    CHECK(cover(covered).word == "unclear");  // b is not the backup of it
    CHECK(cover(covered).health == Health::unknown);
    covered.add(metric::filesystem_backup, "/", 1, {{"backup", "b"}});
    CHECK(cover(covered).word == "yes");
}

TEST_CASE("a backup with streams is as bad as the worst of them, and each must be known") {
    const auto stream = [](Made report, const char* name, Seconds age) {
        return report.add(metric::backup_readable, name, 1)
            .add(metric::backup_max_age_seconds, name, 86400)
            .add(metric::backup_newest_timestamp_seconds, name, now - age,
                 {{"confidence", "exact"}});
    };
    const Made whole = stream(Made().add(metric::backup_streams, "guests", 2), "guests", 60);
    CHECK(whole.of(SubjectKind::backup, "guests").health == Health::unknown);
    const Made one = stream(whole, "guests/vm1", 60);
    CHECK(one.of(SubjectKind::backup, "guests").health == Health::unknown);
    CHECK(stream(one, "guests/vm2", 60).of(SubjectKind::backup, "guests").health == Health::fine);
    CHECK(stream(one, "guests/vm2", 9 * 86400).of(SubjectKind::backup, "guests").health ==
          Health::unknown);
    Made late = stream(one, "guests/vm2", 9 * 86400);
    late.find("backup_too_old", Severity::warning, SubjectKind::backup, "guests/vm2");
    const Judgement judgement = late.of(SubjectKind::backup, "guests");
    CHECK(judgement.health == Health::warning);
    CHECK(judgement.reasons.size() == 1);
    // Streams of another one.
    CHECK(stream(one, "guestsx/vm2", 60).of(SubjectKind::backup, "guests").health ==
          Health::unknown);
}

TEST_CASE("a copy of a backup that is late is as stale as that") {
    Made report = test::fresh_backup();
    report.add(metric::backup_readable, "hop", 1)
        .add(metric::backup_max_age_seconds, "hop", 9 * 86400)
        .add(metric::backup_newest_timestamp_seconds, "hop", now - 5 * 86400,
             {{"confidence", "exact"}})
        .add(metric::backup_copy_of, "hop", 1, {{"original", "late"}})
        .add(metric::backup_original_late, "hop", 1)
        .add(metric::backup_readable, "late", 1)
        .add(metric::backup_max_age_seconds, "late", 86400)
        .add(metric::backup_newest_timestamp_seconds, "late", now - 5 * 86400,
             {{"confidence", "exact"}})
        .add(metric::data_info, "d", 1)
        .add(metric::data_backed_up, "d", 1)
        .add(metric::data_backup, "d", 1, {{"backup", "hop"}});
    const Facts facts(report);
    const Cover cover = Judge(report, facts, now).cover_of(*facts.find(SubjectKind::data, "d"));
    CHECK(cover.word == "stale (5 d)");
    CHECK(cover.health != Health::fine);
}

TEST_CASE(
    "a word that a filesystem is backed up elsewhere holds until its date, and beside no backup") {
    const auto word = [](double backed_up, Timestamp until) {
        Made report = test::fresh_backup();
        report.add(metric::filesystem_backed_up, "/", backed_up)
            .add(metric::filesystem_elsewhere_until_timestamp_seconds, "/", until,
                 {{"owner", "anna"}, {"reason", "the NAS"}});
        if (backed_up != 0) report.add(metric::filesystem_backup, "/", 1, {{"backup", "c"}});
        report.add(metric::backup_readable, "c", 1)
            .add(metric::backup_max_age_seconds, "c", 86400)
            .add(metric::backup_newest_timestamp_seconds, "c", now - 9 * 86400,
                 {{"confidence", "exact"}});
        const Facts facts(report);
        return Judge(report, facts, now).cover_of(*facts.find(SubjectKind::filesystem, "/")).word;
    };
    const std::string day = format_day(now + 90 * 86400);
    CHECK(word(0, now + 90 * 86400) == "elsewhere (until " + day + ")");
    CHECK(word(0, now - 1) == "no");
    CHECK(word(1, now + 90 * 86400) == "stale (9 d)");
}

TEST_CASE("a backup of a part of a filesystem is told as such, and no substitute for the whole") {
    // "b" is fresh, "c" is not.
    const auto with = [](const std::vector<std::pair<std::string, std::string>>& covering) {
        Made report = test::fresh_backup();
        report.add(metric::backup_info, "c", 1)
            .add(metric::backup_readable, "c", 1)
            .add(metric::backup_max_age_seconds, "c", 86400)
            .add(metric::backup_newest_timestamp_seconds, "c", now - 9 * 86400,
                 {{"confidence", "exact"}})
            .add(metric::filesystem_backed_up, "/", 1);
        for (const auto& [name, part] : covering)
            report.add(metric::filesystem_backup, "/", 1, {{"backup", name}, {"part", part}});
        const Facts facts(report);
        return Judge(report, facts, now).cover_of(*facts.find(SubjectKind::filesystem, "/")).word;
    };
    CHECK(with({{"b", ""}}) == "yes");
    CHECK(with({{"b", ""}, {"c", ""}}) == "yes");
    CHECK(with({{"b", "/etc"}}) == "partly (/etc)");
    CHECK(with({{"b", "/etc, /srv"}}) == "partly (/etc, …)");
    CHECK(with({{"b", "/etc"}, {"b", "/srv"}}) == "partly (/etc, …)");
    CHECK(with({{"c", ""}, {"b", "/etc"}}) == "stale (9 d)");
    CHECK(with({{"b", ""}, {"c", "/etc"}}) == "yes");
    CHECK(with({{"b", "/etc"}, {"c", "/etc"}}) == "partly (/etc)");
    CHECK(with({{"b", "/etc"}, {"c", "/srv"}}) == "stale (9 d)");
    CHECK(with({{"c", "/etc"}, {"b", "/srv"}}) == "stale (9 d)");
}

TEST_CASE("a failing drive is as bad for a filesystem on it, unless an array stands between") {
    const auto with = [](Made report) {
        return report.add(metric::filesystem_size_bytes, "/", 1)
            .add(metric::filesystem_drive, "/", 1, {{"drive", "sdb"}})
            .find("drive_slow", Severity::critical, SubjectKind::drive, "sdb")
            .of(SubjectKind::filesystem, "/")
            .health;
    };
    CHECK(with(Made().drive("sdb")) == Health::critical);
    CHECK(with(mirror()) == Health::warning);
}

TEST_CASE("what an array knows of its member is said of the drive") {
    const auto drive = [](Made& report) { return report.of(SubjectKind::drive, "sda"); };
    Made flagged = mirror();
    for (Observation& one : flagged.observations)
        if (one.metric == &metric::array_member) one.labels.emplace_back("flags", "write_error");
    CHECK(drive(flagged).health == Health::unknown);

    Made bad = mirror();
    bad.add(metric::array_member_bad_blocks, "md0", 2, {{"device", "sda"}, {"drive", "sda"}})
        .find("array_bad_blocks", Severity::warning, SubjectKind::array, "md0");
    CHECK(drive(bad).health == Health::warning);
    CHECK(drive(bad).reasons.at(0).text == "array md0 could not write 2 ranges of it");

    Made degraded = mirror().find("array_degraded", Severity::warning, SubjectKind::array, "md0");
    CHECK(drive(degraded).health == Health::fine);
    for (Observation& one : degraded.observations)
        if (one.metric == &metric::array_member_fatal) one.value = 1;
    CHECK(drive(degraded).health == Health::warning);
    CHECK(drive(degraded).reasons.at(0).must_stay);
}

TEST_CASE("a filesystem on a drive that does not answer is not fine") {
    Made report = Made().drive("sda");
    report.add(metric::filesystem_size_bytes, "/", 1)
        .add(metric::filesystem_drive, "/", 1, {{"drive", "sda"}});
    CHECK(report.of(SubjectKind::filesystem, "/").health == Health::fine);
    report.add(metric::drive_answering, "sda", 0);
    CHECK(report.of(SubjectKind::filesystem, "/").health == Health::unknown);
}

TEST_CASE("a fresh backup with a finding is in doubt") {
    const Made report = test::fresh_backup()
                            .add(metric::filesystem_size_bytes, "/", 1)
                            .add(metric::filesystem_backed_up, "/", 1)
                            .add(metric::filesystem_backup, "/", 1, {{"backup", "b"}})
                            .find("backup_lock_old", Severity::warning, SubjectKind::backup, "b");
    const Facts facts(report);
    CHECK(Judge(report, facts, now).cover_of(*facts.find(SubjectKind::filesystem, "/")).word ==
          "in doubt");
}

TEST_CASE("of two arrays on the same drives, the use tells which one is under a filesystem") {
    Made report = mirror();
    for (const char* drive : {"sda", "sdb"})
        report.add(metric::array_member, "md1", 1,
                   {{"device", drive}, {"drive", drive}, {"state", "in_sync"}});
    report.add(metric::filesystem_size_bytes, "/", 1);
    const auto arrays_under = [](const Made& made) {
        const Facts facts(made);
        std::vector<std::string> names;
        for (const Subject* array :
             Relations(facts).arrays_under(*facts.find(SubjectKind::filesystem, "/")))
            names.push_back(array->id);
        return names;
    };
    CHECK(arrays_under(Made(report).add(metric::filesystem_drive, "/", 1, {{"drive", "sda"}}))
              .empty());
    CHECK(arrays_under(report.add(
              metric::drive_use, "sda", 1,
              {{"array", "md1"}, {"device", "sda1"}, {"name", "/"}, {"use", "filesystem"}})) ==
          std::vector<std::string>{"md1"});
}

TEST_CASE("a drive that was read long ago, or sleeps and was never read, is not read") {
    const auto state_of = [](const Made& report) {
        const Facts facts(report);
        return drive_state(*facts.find(SubjectKind::drive, "sda"), now);
    };
    Made report = Made().drive("sda");
    CHECK(state_of(report) == DriveState::fine);
    report.observations.back().value = now - drive_read_limit - 1;
    CHECK(state_of(report) == DriveState::not_read);
    report.observations.pop_back();
    CHECK(state_of(report.add(metric::drive_power_state, "sda", 1, {{"state", "standby"}})) ==
          DriveState::not_read);
}
