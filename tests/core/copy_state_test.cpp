// What is known of the newest copy of a backup.
#include <doctest/doctest.h>

#include "core/judgement.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "tests/core/made_report.hpp"

using namespace lastgood;
using Made = test::MadeReport;
using test::now;

namespace {

CopyState state(const Made& report) {
    const Facts facts(report);
    return copy_state(*facts.find(SubjectKind::backup, "b"), now);
}

// A backup that is read and has no copy.
Made without_copy() {
    return Made()
        .add(metric::backup_readable, "b", 1)
        .add(metric::backup_max_age_seconds, "b", 86400);
}

}  // namespace

TEST_CASE("a copy is fresh only with proof, a limit and every size that is asked for") {
    CHECK(state(test::fresh_backup()) == CopyState::fresh);
    CHECK(state(test::fresh_backup().add(metric::backup_incomplete, "b", 1)) ==
          CopyState::incomplete);
    const auto sized = test::fresh_backup().add(metric::backup_min_size_bytes, "b", 10);
    CHECK(state(sized) == CopyState::unknown_size);
    CHECK(state(Made(sized).add(metric::backup_size_bytes, "b", 9)) == CopyState::too_small);
    CHECK(state(Made(sized).add(metric::backup_size_bytes, "b", 10)) == CopyState::fresh);
    const auto with = [](double newest, const char* confidence) {
        return state(Made()
                         .add(metric::backup_max_age_seconds, "b", 86400)
                         .add(metric::backup_newest_timestamp_seconds, "b", newest,
                              {{"confidence", confidence}}));
    };
    CHECK(with(now - 86400, "inferred") == CopyState::fresh);
    CHECK(with(now - 86401, "inferred") == CopyState::stale);
    CHECK(with(now + 3600, "exact") == CopyState::fresh);
    CHECK(with(now + 3601, "exact") == CopyState::from_future);
    CHECK(with(now, "activity") == CopyState::unproven);
    CHECK(with(now, "a new word") == CopyState::unproven);
    CHECK(state(Made().add(metric::backup_newest_timestamp_seconds, "b", now,
                           {{"confidence", "exact"}})) == CopyState::no_limit);
}

TEST_CASE("a copy is fresh by a schedule if it is from the last time that is over") {
    const auto with = [](double newest) {
        return state(Made()
                         .add(metric::backup_due_timestamp_seconds, "b", now - 3 * 86400)
                         .add(metric::backup_newest_timestamp_seconds, "b", newest,
                              {{"confidence", "exact"}}));
    };
    CHECK(with(now - 3 * 86400) == CopyState::fresh);
    CHECK(with(now - 3 * 86400 - 300) == CopyState::fresh);  // another host's clock
    CHECK(with(now - 3 * 86400 - 301) == CopyState::stale);
}

TEST_CASE("a newer change that proves nothing neither hides a proven copy nor makes it newer") {
    const auto with = [](Seconds age) {
        return state(without_copy()
                         .add(metric::backup_newest_timestamp_seconds, "b", now - age,
                              {{"confidence", "inferred"}})
                         .add(metric::backup_newest_timestamp_seconds, "b", now,
                              {{"confidence", "activity"}}));
    };
    CHECK(with(60) == CopyState::fresh);
    CHECK(with(9 * 86400) == CopyState::stale);
}

TEST_CASE("only a look at the place of the copies tells that there never was one") {
    CHECK(state(without_copy()) == CopyState::never);
    CHECK(state(without_copy().add(metric::backup_copies_gone, "b", 7)) == CopyState::gone);
    for (const Metric* doubt :
         {&metric::backup_stamp_missing, &metric::backup_other_files,
          &metric::backup_reported_by_others, &metric::backup_known_by_job_only})
        CHECK_MESSAGE(state(without_copy().add(*doubt, "b", 1)) == CopyState::unknown, doubt->name);
    CHECK(state(without_copy().add(metric::backup_arrived_timestamp_seconds, "b", now - 60,
                                   {{"confidence", "inferred"}})) == CopyState::unknown);
}

TEST_CASE("copies that are gone are not fresh, however new they were") {
    CHECK(state(test::fresh_backup().add(metric::backup_copies_gone, "b", 7)) == CopyState::gone);
    CHECK(state(test::fresh_backup().add(metric::backup_stamp_missing, "b", 1)) ==
          CopyState::unknown);
    CHECK(state(test::fresh_backup().add(metric::backup_other_files, "b", 3)) ==
          CopyState::unknown);
}

TEST_CASE("of a limit by age and one by the schedule the stricter one counts") {
    const auto oldest = [](const Made& report) {
        const Facts facts(report);
        return oldest_allowed_copy(*facts.find(SubjectKind::backup, "b"), now);
    };
    const auto due = [](Made report, Seconds ago) {
        return report.add(metric::backup_due_timestamp_seconds, "b", now - ago);
    };
    CHECK(oldest(without_copy()) == now - 86400);
    CHECK(oldest(due(without_copy(), 7200)) == now - 7500);
    CHECK(oldest(due(without_copy(), 9 * 86400)) == now - 86400);
    CHECK(oldest(due(Made(), 7200)) == now - 7500);
    CHECK_FALSE(oldest(Made().add(metric::backup_readable, "b", 1)));
}

TEST_CASE("a place that cannot be read is told of the whole, whatever is known of its streams") {
    const Made report = Made()
                            .add(metric::backup_readable, "b", 0)
                            .add(metric::backup_streams, "b", 1)
                            .add(metric::backup_readable, "b/1", 1)
                            .add(metric::backup_max_age_seconds, "b/1", 86400)
                            .add(metric::backup_newest_timestamp_seconds, "b/1", now - 60,
                                 {{"confidence", "exact"}});
    const Judgement whole = report.of(SubjectKind::backup, "b");
    CHECK(whole.health == Health::unknown);
    REQUIRE(whole.reasons.size() == 1);
    CHECK(whole.reasons[0].text == "the place of its copies could not be read");
}

TEST_CASE("a fresh copy of copies does not make up for a stale backup") {
    Made report = test::fresh_backup();
    report.add(metric::backup_readable, "dump", 1)
        .add(metric::backup_max_age_seconds, "dump", 86400)
        .add(metric::backup_newest_timestamp_seconds, "dump", now - 9 * 86400,
             {{"confidence", "exact"}})
        .add(metric::data_backed_up, "d", 1)
        .add(metric::data_backup, "d", 1, {{"backup", "dump"}})
        .add(metric::data_backup, "d", 1, {{"backup", "b"}, {"via", "dump"}});
    const Facts facts(report);
    CHECK(Judge(report, facts, now).cover_of(*facts.find(SubjectKind::data, "d")).word ==
          "stale (9 d)");
}

TEST_CASE("data that no backup has is not fine where its filesystem has the finding") {
    Made report = Made()
                      .add(metric::data_info, "d", 1, {{"filesystem", "/"}})
                      .add(metric::data_backed_up, "d", 0)
                      .add(metric::data_told_by_filesystem, "d", 1)
                      .add(metric::filesystem_size_bytes, "/", 1);
    report.find("filesystem_not_backed_up", Severity::warning, SubjectKind::filesystem, "/");
    CHECK(report.of(SubjectKind::data, "d").health == Health::warning);
    CHECK(Made(report).accept().of(SubjectKind::data, "d").health == Health::fine);
}
