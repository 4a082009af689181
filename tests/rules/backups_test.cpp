// The findings of the table about backups.
#include "core/metrics/backups.hpp"

#include <doctest/doctest.h>

#include "core/metrics/backup_faults.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backup_streams.hpp"
#include "tests/rules/build.hpp"

using namespace lastgood;
using lastgood::test::found;
using lastgood::test::observation;
using Names = std::vector<std::string>;

namespace {

constexpr Timestamp now = test::table_time;

}  // namespace

TEST_CASE("only proof makes a backup fresh") {
    const std::vector<Observation> configured = {
        observation(metric::backup_info, "b", 1),
        observation(metric::backup_readable, "b", 1),
        observation(metric::backup_max_age_seconds, "b", 3600),
    };
    const auto with = [&](const std::vector<std::pair<std::string, double>>& newest) {
        std::vector<Observation> observations = configured;
        for (const auto& [confidence, age] : newest) {
            observations.push_back(observation(metric::backup_newest_timestamp_seconds, "b",
                                               now - age, {{"confidence", confidence}}));
        }
        return found(observations);
    };
    CHECK(with({}) == Names{"backup_never_made b"});
    CHECK(with({{"activity", 60}}) == Names{"backup_unproven b"});
    CHECK(with({{"exact", 3601}, {"activity", 60}}) == Names{"backup_too_old b"});
    CHECK(with({{"inferred", 3601}, {"exact", 9000}}) == Names{"backup_too_old b"});
    CHECK(with({{"inferred", 3599}, {"exact", 9000}}) == Names{});
    CHECK(with({{"exact", 3601 + 3 * 86400}}) == Names{"backup_far_too_old b"});
    CHECK(with({{"exact", -3601}}) == Names{"backup_from_future b"});
    CHECK(with({{"exact", -60}}) == Names{});
}

TEST_CASE("a backup with a schedule is overdue when the copy of its last time is missing") {
    const auto with = [](double age) {
        return found(
            {observation(metric::backup_info, "b", 1), observation(metric::backup_readable, "b", 1),
             observation(metric::backup_due_timestamp_seconds, "b", now - 86400),
             observation(metric::backup_long_due_timestamp_seconds, "b", now - 3 * 86400.0),
             observation(metric::backup_newest_timestamp_seconds, "b", now - age,
                         {{"confidence", "exact"}})});
    };
    CHECK(with(3600) == Names{});
    CHECK(with(86400 + 300) == Names{});
    CHECK(with(86400 + 301) == Names{"backup_overdue b"});
    CHECK(with(3 * 86400 + 600) == Names{"backup_overdue b"});
    CHECK(with(3 * 86400 + 601) == Names{"backup_long_overdue b"});
}

TEST_CASE("a backup is judged by its past: span, count and size") {
    const auto with = [](const Metric& limit, double value, const Metric& of, double actual) {
        return found({observation(metric::backup_info, "b", 1),
                      observation(metric::backup_readable, "b", 1),
                      observation(metric::backup_newest_timestamp_seconds, "b", now - 60,
                                  {{"confidence", "exact"}}),
                      observation(limit, "b", value), observation(of, "b", actual)});
    };
    const auto oldest = [&](const Metric& limit, double age) {
        return with(limit, 7 * 86400.0, metric::backup_oldest_timestamp_seconds, now - age);
    };
    CHECK(oldest(metric::backup_min_span_seconds, 7 * 86400.0) == Names{});
    CHECK(oldest(metric::backup_min_span_seconds, 7 * 86400.0 - 1) == Names{"backup_span_short b"});
    CHECK(oldest(metric::backup_max_span_seconds, 7 * 86400.0) == Names{});
    CHECK(oldest(metric::backup_max_span_seconds, 7 * 86400.0 + 1) == Names{"backup_outlived b"});
    const auto count = [&](double value) {
        return with(metric::backup_min_count, 3, metric::backup_count, value);
    };
    CHECK(count(3) == Names{});
    CHECK(count(2) == Names{"backup_too_few b"});
    const auto size = [&](double value) {
        return with(metric::backup_shrunk_size_bytes, 50, metric::backup_size_bytes, value);
    };
    CHECK(size(50) == Names{});
    CHECK(size(49) == Names{"backup_shrunk b"});
}

TEST_CASE("a backup is to be verified and restored in time") {
    const auto with = [](const Metric& limit, const Metric& metric, std::optional<double> age) {
        std::vector<Observation> observations{observation(limit, "b", 86400)};
        if (age) observations.push_back(observation(metric, "b", now - *age));
        return found(observations);
    };
    const auto verified = [&](std::optional<double> age) {
        return with(metric::backup_verified_within_seconds,
                    metric::backup_verified_timestamp_seconds, age);
    };
    const auto restored = [&](std::optional<double> age) {
        return with(metric::backup_restored_within_seconds,
                    metric::backup_restored_timestamp_seconds, age);
    };
    CHECK(verified(86400) == Names{});
    CHECK(verified(86401) == Names{"backup_verification_late b"});
    CHECK(verified(std::nullopt) == Names{"backup_never_verified b"});
    CHECK(restored(86400) == Names{});
    CHECK(restored(86401) == Names{"backup_restore_late b"});
    CHECK(restored(std::nullopt) == Names{"backup_never_restored b"});
}

TEST_CASE("WAL that is not archived is a finding") {
    const auto waits = [](double age) {
        return found({observation(metric::backup_wal_waiting_timestamp_seconds, "b", now - age)});
    };
    CHECK(waits(3600) == Names{});
    CHECK(waits(3601) == Names{"backup_wal_waits b"});
    const auto archived = [](double age, std::optional<double> readable) {
        std::vector<Observation> observations{
            observation(metric::backup_max_wal_age_seconds, "b", 600),
            observation(metric::backup_wal_timestamp_seconds, "b", now - age)};
        if (readable) observations.push_back(observation(metric::backup_readable, "b", *readable));
        return found(observations);
    };
    CHECK(archived(600, std::nullopt) == Names{});
    CHECK(archived(601, std::nullopt) == Names{"backup_wal_too_old b"});
    CHECK(archived(601, 0) == Names{"backup_unreadable b"});
}

TEST_CASE("the end of a pause is a finding") {
    const auto with = [](double until) {
        return found({observation(metric::backup_paused_until_timestamp_seconds, "b", until)});
    };
    CHECK(with(now + 1) == Names{});
    CHECK(with(now - 1) == Names{"backup_pause_ended b"});
}

TEST_CASE("a backup that others report is unknown, not missing, while nobody reports it") {
    const std::vector<Observation> configured = {
        observation(metric::backup_info, "b", 1),
        observation(metric::backup_reported_by_others, "b", 1),
        observation(metric::backup_readable, "b", 1),
        observation(metric::backup_max_age_seconds, "b", 3600),
    };
    CHECK(found(configured) == Names{"backup_not_reported b"});
    auto reported = configured;
    reported.push_back(observation(metric::backup_newest_timestamp_seconds, "b", now - 60,
                                   {{"confidence", "exact"}}));
    CHECK(found(reported) == Names{});
}

TEST_CASE("an unreadable backup gives one finding, even if it has no copy or a stale one") {
    CHECK(found({observation(metric::backup_info, "b", 1),
                 observation(metric::backup_readable, "b", 0),
                 observation(metric::backup_max_age_seconds, "b", 60)}) ==
          Names{"backup_unreadable b"});
    CHECK(found({observation(metric::backup_info, "b", 1),
                 observation(metric::backup_readable, "b", 0),
                 observation(metric::backup_newest_timestamp_seconds, "b", now - 7200,
                             {{"confidence", "exact"}}),
                 observation(metric::backup_max_age_seconds, "b", 3600)}) ==
          Names{"backup_unreadable b"});
}

namespace {

// Of a backup that can be read and has a copy of this age.
Names with_copy(double age, std::vector<Observation> more) {
    more.push_back(observation(metric::backup_info, "b", 1));
    more.push_back(observation(metric::backup_readable, "b", 1));
    more.push_back(observation(metric::backup_max_age_seconds, "b", 3600));
    more.push_back(observation(metric::backup_newest_timestamp_seconds, "b", now - age,
                               {{"confidence", "exact"}}));
    return found(more);
}

}  // namespace

TEST_CASE("a backup beside its source is told until a fresh one elsewhere has all of it") {
    const auto beside =
        observation(metric::backup_failure_domain, "b", 1, {{"domain", "same-drive"}});
    const auto elsewhere = [](double value) {
        return observation(metric::backup_copied_elsewhere, "b", value);
    };
    CHECK(with_copy(60, {beside}) == Names{"backup_beside_source b"});
    CHECK(with_copy(60, {beside, elsewhere(0)}) == Names{"backup_beside_source b"});
    CHECK(with_copy(60, {beside, elsewhere(1)}) == Names{});
    // Of copies that nothing proves it cannot be said where they lie.
    CHECK(found({observation(metric::backup_info, "b", 1), beside,
                 observation(metric::backup_readable, "b", 1),
                 observation(metric::backup_newest_timestamp_seconds, "b", now - 60,
                             {{"confidence", "activity"}})}) == Names{"backup_unproven b"});
}

TEST_CASE("a copy that has failed for days is not told to be behind its original, too") {
    const auto lag = [](double value) {
        return std::vector<Observation>{observation(metric::backup_lag_seconds, "b", value),
                                        observation(metric::backup_max_lag_seconds, "b", 60)};
    };
    CHECK(with_copy(3601, lag(61)) == Names{"backup_behind b"});
    CHECK(with_copy(3601 + 3 * 86400, lag(61)) == Names{"backup_far_too_old b"});
    auto scheduled = lag(61);
    scheduled.push_back(
        observation(metric::backup_long_due_timestamp_seconds, "b", now - 3 * 86400.0));
    scheduled.push_back(observation(metric::backup_due_timestamp_seconds, "b", now - 86400));
    scheduled.push_back(observation(metric::backup_newest_timestamp_seconds, "b", now - 4 * 86400.0,
                                    {{"confidence", "exact"}}));
    scheduled.push_back(observation(metric::backup_readable, "b", 1));
    CHECK(found(scheduled) == Names{"backup_long_overdue b"});
}

TEST_CASE("without a whole copy, the newest one is not told, too") {
    const auto cut = [](double whole) {
        return found({observation(metric::backup_info, "b", 1),
                      observation(metric::backup_readable, "b", 1),
                      observation(metric::backup_incomplete, "b", 1),
                      observation(metric::backup_incomplete_copies, "b", 3),
                      observation(metric::backup_whole_copies_lost, "b", whole == 0 ? 3 : 0),
                      observation(metric::backup_newest_timestamp_seconds, "b", now - 60,
                                  {{"confidence", "exact"}}),
                      observation(metric::backup_count, "b", whole)});
    };
    CHECK(cut(0) == Names{"backup_no_whole_copy b"});
    CHECK(cut(1) == Names{"backup_incomplete b"});
}

TEST_CASE("findings of broken copies name the newest of them") {
    const auto summary = [](double whole, double lost, const std::string& name) {
        RuleMemory memory;
        std::vector<Observation> observations{
            observation(metric::backup_info, "b", 1),
            observation(metric::backup_readable, "b", 1),
            observation(metric::backup_incomplete, "b", 1),
            observation(metric::backup_incomplete_copies, "b", 3),
            observation(metric::backup_count, "b", whole),
            observation(metric::backup_whole_copies_lost, "b", lost),
            observation(metric::backup_newest_timestamp_seconds, "b", now - 86400,
                        {{"confidence", "inferred"}})};
        if (!name.empty())
            observations.push_back(
                observation(metric::backup_broken_copy, "b", 1, {{"copy", name}}));
        sort_observations(observations);
        const auto findings = evaluate(all_rules(), observations, now, memory);
        REQUIRE(findings.size() == 1);
        return findings.front().summary;
    };
    CHECK(summary(2, 0, "/b/x.gz") == "Backup b: /b/x.gz is broken; the last whole is 24 h old.");
    CHECK(summary(2, 0, "") == "Backup b: its newest copy is broken; the last whole is 24 h old.");
    CHECK(summary(0, 0, "/b/x.gz") ==
          "Backup b has no whole copy: 3 of 3 are broken, such as /b/x.gz.");
    CHECK(summary(2, 1, "/b/x.gz") ==
          "Backup b loses its good copies: 1 removed since /b/x.gz is incomplete.");
}

TEST_CASE("a broken newest copy is one finding, however old the last whole one is") {
    const auto cut = [](double days, double lost, bool by_schedule) {
        std::vector<Observation> observations{
            observation(metric::backup_info, "b", 1),
            observation(metric::backup_readable, "b", 1),
            observation(metric::backup_incomplete, "b", 1),
            observation(metric::backup_incomplete_copies, "b", 3),
            observation(metric::backup_count, "b", 2),
            observation(metric::backup_whole_copies_lost, "b", lost),
            observation(metric::backup_newest_timestamp_seconds, "b", now - days * 86400.0,
                        {{"confidence", "inferred"}})};
        if (!by_schedule) {
            observations.push_back(observation(metric::backup_max_age_seconds, "b", 86400));
            return found(observations);
        }
        observations.push_back(
            observation(metric::backup_due_timestamp_seconds, "b", now - 86400.0));
        observations.push_back(
            observation(metric::backup_long_due_timestamp_seconds, "b", now - 4 * 86400.0));
        return found(observations);
    };
    for (const bool by_schedule : {false, true}) {
        CHECK(cut(0.5, 0, by_schedule) == Names{"backup_incomplete b"});
        CHECK(cut(2, 0, by_schedule) == Names{"backup_incomplete b"});
        CHECK(cut(2, 1, by_schedule) == Names{"backup_rotated_away b"});
        CHECK(cut(5, 1, by_schedule) == Names{"backup_rotated_away b"});
    }
    CHECK(cut(5, 0, false) == Names{"backup_far_too_old b"});
    CHECK(cut(5, 0, true) == Names{"backup_long_overdue b"});
}

TEST_CASE("the whole tells of several late streams") {
    const auto late = [](double streams, bool with_others) {
        std::vector<Observation> observations{
            observation(metric::backup_info, "guests", 1),
            observation(metric::backup_readable, "guests", 1),
            observation(metric::backup_streams, "guests", 9),
            observation(metric::backup_late_streams, "guests", streams, {{"oldest", "a"}}),
            observation(metric::backup_readable, "guests/a", 1),
            observation(metric::backup_max_age_seconds, "guests/a", 3600),
            observation(metric::backup_newest_timestamp_seconds, "guests/a", now - 7200,
                        {{"confidence", "exact"}})};
        if (with_others)
            observations.push_back(observation(metric::backup_late_with_others, "guests/a", 1));
        return found(observations);
    };
    CHECK(late(1, false) == Names{"backup_too_old guests/a"});
    CHECK(late(2, true) == Names{"backup_streams_late guests"});
}

TEST_CASE("a run that failed is told once, also if none that succeeded is known") {
    const auto job = [](std::vector<Observation> more) {
        more.push_back(observation(metric::backup_info, "b", 1));
        more.push_back(observation(metric::backup_known_by_job_only, "b", 1));
        more.push_back(observation(metric::backup_job_readable, "b", 1));
        return found(more);
    };
    CHECK(job({}) == Names{"backup_job_unproven b"});
    CHECK(job({observation(metric::backup_job_failed, "b", 1)}) == Names{"backup_job_failed b"});
    CHECK(job({observation(metric::backup_job_partly, "b", 1),
               observation(metric::backup_job_failed, "b", 1)}) == Names{"backup_job_partly b"});
}

TEST_CASE("no copy, and whether that proves a loss") {
    const auto none = [](std::vector<Observation> more) {
        more.push_back(observation(metric::backup_info, "b", 1));
        more.push_back(observation(metric::backup_readable, "b", 1));
        more.push_back(observation(metric::backup_max_age_seconds, "b", 3600));
        more.push_back(observation(metric::backup_count, "b", 0));
        more.push_back(
            observation(metric::backup_failure_domain, "b", 1, {{"domain", "same-drive"}}));
        return found(more);
    };
    const auto known = [](double age) {
        return observation(metric::backup_newest_timestamp_seconds, "b", now - age,
                           {{"confidence", "inferred"}});
    };
    const auto gone = observation(metric::backup_copies_gone, "b", 7);
    CHECK(none({}) == Names{"backup_never_made b"});
    CHECK(none({observation(metric::backup_other_files, "b", 7, {{"example", "a"}})}) ==
          Names{"backup_no_match b"});
    CHECK(none({observation(metric::backup_stamp_missing, "b", 1)}) ==
          Names{"backup_stamp_missing b"});
    CHECK(none({known(60), gone}) == Names{"backup_gone b"});
    CHECK(none({gone}) == Names{"backup_gone b"});  // copies that proved nothing
    CHECK(none({known(3601), gone}) == Names{"backup_gone b"});
    CHECK(none({known(3601 + 3 * 86400), gone}) == Names{"backup_far_too_old b"});
    CHECK(none({known(60), gone, observation(metric::backup_told_by_whole, "b", 1)}) == Names{});
}

TEST_CASE("slots that fit no stream are one finding of the whole") {
    const auto slots = [](double without, double unknown) {
        return found(
            {observation(metric::backup_info, "b", 1), observation(metric::backup_readable, "b", 1),
             observation(metric::backup_streams, "b", 20),
             observation(metric::backup_streams_without_slot, "b", without, {{"streams", "x"}}),
             observation(metric::backup_slots_without_stream, "b", unknown, {{"slots", "y"}})});
    };
    CHECK(slots(0, 0) == Names{});
    CHECK(slots(19, 0) == Names{"backup_no_slot b"});
    CHECK(slots(0, 1) == Names{"backup_slot_unknown b"});
}

TEST_CASE("two slots of one night are missed by one cause; a lock is old after a day") {
    const auto with = [](const Metric& metric, double value) {
        return found({observation(metric, "b", value)});
    };
    CHECK(with(metric::backup_missed_slots, 1) == Names{});
    CHECK(with(metric::backup_missed_slots, 2) == Names{"backup_slots_missed b"});
    CHECK(with(metric::backup_lock_timestamp_seconds, now - 86400) == Names{});
    CHECK(with(metric::backup_lock_timestamp_seconds, now - 86401) == Names{"backup_lock_old b"});
}
