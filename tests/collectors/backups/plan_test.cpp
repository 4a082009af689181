#include "collectors/backups/plan.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "collectors/backups/proofs.hpp"
#include "core/metrics/backups.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/zone_of.hpp"

using namespace lastgood;

namespace {

constexpr Seconds hour = 3600;

Timestamp at(int year, int month, int day, int hour_of_day, int minute = 0) {
    return from_civil_utc(year, month, day, hour_of_day, minute, 0);
}

BackupPlan plan(const char* schedule, Seconds grace = 2 * hour, const char* zone = "") {
    BackupPlan made;
    made.schedule = schedule;
    made.grace = grace;
    made.time_zone = zone;
    return made;
}

// A recorded host whose own time zone is Berlin's.
class BerlinHost : public test::TemporaryDirectory {
  public:
    BerlinHost() {
        write("/etc/localtime", test::zone_bytes("CET-1CEST,M3.5.0,M10.5.0/3"));
        write("/usr/share/zoneinfo/Asia/Tokyo", test::zone_bytes("JST-9"));
    }
    DueTimes due(const BackupPlan& plan, Timestamp now) const {
        return due_times(Host(path), plan, now).value();
    }
};

}  // namespace

TEST_CASE("a copy is due when the grace after its time is over") {
    const BerlinHost host;
    const BackupPlan weekly = plan("Sun 03:00");
    const Timestamp slot = at(2026, 11, 22, 2);  // 03:00 in Berlin
    CHECK(host.due(weekly, slot + 2 * hour - 1).due == slot - 7 * 24 * hour);
    CHECK(host.due(weekly, slot + 2 * hour).due == slot);
    CHECK(host.due(weekly, slot + 2 * hour).long_due == slot - 14 * 24 * hour);
    CHECK(host.due(weekly, slot + 6 * 24 * hour).due == slot);
}

TEST_CASE("the time zone of a schedule: its own, the setting, the host's") {
    const BerlinHost host;
    const Timestamp now = at(2026, 11, 22, 12);
    CHECK(host.due(plan("03:00"), now).due == at(2026, 11, 22, 2));
    CHECK(host.due(plan("03:00", 2 * hour, "Asia/Tokyo"), now).due == at(2026, 11, 21, 18));
    CHECK(host.due(plan("03:00 UTC", 2 * hour, "Asia/Tokyo"), now).due == at(2026, 11, 22, 3));
    CHECK(host.due(plan("0 3 * * *"), at(2026, 7, 1, 12)).due == at(2026, 7, 1, 1));
}

TEST_CASE("many times a day: long overdue means three of them, and a day") {
    const BerlinHost host;
    const BackupPlan often = plan("0/6:00 UTC", hour);
    const Timestamp now = at(2026, 11, 22, 13);
    CHECK(host.due(often, now).due == at(2026, 11, 22, 12));
    CHECK(host.due(often, now).long_due == at(2026, 11, 21, 12));
}

TEST_CASE("a copy of the night in which the clocks change is due once") {
    const BerlinHost host;
    const BackupPlan cron = plan("30 2 * * *"), timer = plan("02:30");
    const Timestamp noon = at(2026, 3, 29, 10);
    CHECK(host.due(cron, noon).due == at(2026, 3, 29, 1));       // right after the change
    CHECK(host.due(timer, noon).due == at(2026, 3, 28, 1, 30));  // systemd leaves it out
    const Timestamp autumn = at(2026, 10, 25, 10);
    CHECK(host.due(cron, autumn).due == at(2026, 10, 25, 0, 30));
    CHECK(host.due(timer, autumn).due == at(2026, 10, 25, 0, 30));
}

TEST_CASE("stamps tell when the copies were verified and restored") {
    BerlinHost host;
    Backup backup;
    backup.name = "b";
    backup.plan.verified_within = 35 * 24 * hour;
    backup.plan.verified_stamp = "/stamp/verified";
    backup.plan.restored_stamp = "/stamp/restored";
    host.write("/stamp/verified", "");
    MemorySink sink;
    const Timestamp now = at(2026, 11, 22, 12);
    const Host watched(host.path);
    LookMemory memory(watched, "", backup.name);
    observe_agreements(sink, backup, now);
    observe_proofs(watched, sink, memory, backup, now);
    CHECK(sink.problems.empty());  // the first restore makes the other one
    REQUIRE(sink.observations.size() == 2);
    CHECK(sink.observations[0].metric == &metric::backup_verified_within_seconds);
    CHECK(sink.observations[1].metric == &metric::backup_verified_timestamp_seconds);
    CHECK(sink.observations[1].value <= now);
}

TEST_CASE("a stamp that cannot be read is as old as it was when it was seen") {
    const test::TemporaryDirectory place;
    REQUIRE(::chmod(place.path.c_str(), 0755) == 0);
    Backup backup;
    backup.name = "b";
    backup.plan.verified_stamp = place.write("verified", "");
    const Host host;
    const auto look = [&](Timestamp now) {
        MemorySink sink;
        LookMemory memory(host, place.path, backup.name);
        observe_proofs(host, sink, memory, backup, now);
        REQUIRE(memory.save());
        return sink;
    };
    const Timestamp made = host.status(backup.plan.verified_stamp).value().modified;
    CHECK(look(made - hour).observations.at(0).value == made - hour);  // never in the future
    look(made + hour);
    std::filesystem::remove(backup.plan.verified_stamp);
    place.link("verified", "verified");
    const MemorySink circle = look(made + 9 * hour);
    CHECK(circle.problems.size() == 1);
    REQUIRE(circle.observations.size() == 1);
    CHECK(circle.observations[0].value == made);
    CHECK(circle.observations[0].observed_at == made);
    std::filesystem::remove(backup.plan.verified_stamp);
    CHECK(look(made + 9 * hour).observations.empty());  // the next test makes it
}

TEST_CASE("a time zone that the host does not know is a problem with its name") {
    const BerlinHost host;
    MemorySink sink;
    Backup backup;
    backup.name = "b";
    backup.plan.schedule = "03:00 Europe/Paris";
    observe_limits(Host(host.path), sink, backup, at(2026, 11, 22, 12));
    CHECK(sink.observations.empty());
    REQUIRE(sink.problems.size() == 1);
    CHECK(sink.problems[0].second.message.find("Europe/Paris is not known here") !=
          std::string::npos);
    // A schedule of the past has been due once, and that is all.
    backup.plan.schedule = "2030-01-01 UTC";
    sink = {};
    observe_limits(Host(host.path), sink, backup, at(2026, 11, 22, 12));
    CHECK(sink.observations.empty());
    CHECK(sink.problems.empty());
}

TEST_CASE("with slots each stream is due on its own days, by the clock of the schedule") {
    const BerlinHost host;
    BackupPlan nightly = plan("22:00");
    nightly.slots[1] = {"vm1"};         // Monday
    nightly.slots[2] = {"vm2", "vm3"};  // Tuesday
    nightly.slots[5] = {"vm3"};         // Friday
    CHECK(days_of(nightly, "vm3") == (1U << 2 | 1U << 5));
    CHECK(days_of(nightly, "vm9") == 0);
    CHECK(days_of(plan("22:00"), "vm9") == every_day);
    CHECK(streams_in_slots(nightly) == std::vector<std::string>{"vm1", "vm2", "vm3"});
    const Timestamp now = at(2026, 11, 26, 17);  // a Thursday
    const auto due = [&](const char* stream, Timestamp when) {
        return due_times(Host(host.path), nightly, when, days_of(nightly, stream)).value();
    };
    CHECK(due("vm1", now).due == at(2026, 11, 23, 21));
    CHECK(due("vm2", now).due == at(2026, 11, 24, 21));
    CHECK(due("vm3", now).before == at(2026, 11, 20, 21));
    CHECK(due("vm1", now).long_due == at(2026, 11, 9, 21));
    CHECK_FALSE(due("vm9", now).due.has_value());
    // The grace of Tuesday's slot ends at midnight.
    CHECK(due("vm2", at(2026, 11, 24, 22, 59)).due == at(2026, 11, 17, 21));
    CHECK(due("vm2", at(2026, 11, 24, 23)).due == at(2026, 11, 24, 21));
    CHECK(night_of(Host(host.path), nightly, at(2026, 11, 24, 21)) == "Tue 2026-11-24");
    // 00:30 on Sunday in Berlin is still Saturday in UTC; that night the clocks change.
    BackupPlan sundays = plan("00:30");
    sundays.slots[0] = {"a"};
    const auto sunday = due_times(Host(host.path), sundays, at(2026, 10, 31, 12), 1);
    CHECK(sunday.value().due == at(2026, 10, 24, 22, 30));
    CHECK(night_of(Host(host.path), sundays, at(2026, 10, 24, 22, 30)) == "Sun 2026-10-25");
}

TEST_CASE("the whole is as late as the slot that is due longest") {
    const BerlinHost host;
    Backup backup;
    backup.name = "vms";
    backup.plan = plan("22:00");
    backup.plan.slots[1] = {"vm1"};
    backup.plan.slots[2] = {"vm2"};
    MemorySink sink;
    observe_limits(Host(host.path), sink, backup, at(2026, 11, 26, 17));
    REQUIRE(sink.observations.size() == 1);
    CHECK(sink.observations[0].metric == &metric::backup_due_timestamp_seconds);
    CHECK(sink.observations[0].value == at(2026, 11, 23, 21));
}

TEST_CASE("the night of a due time goes from noon to noon, and is named by its morning") {
    const BerlinHost host;
    const auto night = [&](const char* schedule) {
        return host.due(plan(schedule), at(2026, 11, 26, 10)).night;
    };
    constexpr double morning = 20'783;  // 2026-11-26
    CHECK(night("Wed 22:00") == morning);
    CHECK(night("Thu 00:30") == morning);
    CHECK(night("Thu 03:00") == morning);
    CHECK(night("Wed 11:59") == morning - 1);
}

TEST_CASE("the time between two copies is that of the schedule, with its grace") {
    const BerlinHost host;
    const auto interval = [&](const BackupPlan& made) {
        Backup backup;
        backup.max_age = 26 * hour;
        backup.plan = made;
        return interval_of(Host(host.path), backup, at(2026, 11, 26, 10));
    };
    CHECK(interval({}) == 26 * hour);
    CHECK(interval(plan("03:00", 5 * hour)) == 29 * hour);
    CHECK(interval(plan("Sun 03:00", 5 * hour)) == 7 * 24 * hour + 5 * hour);
    BackupPlan nightly = plan("22:00", 5 * hour);
    nightly.slots[1] = {"vm1"};
    CHECK(interval(nightly) == 7 * 24 * hour + 5 * hour);
}

TEST_CASE("a pause is told until when it lasts, and none where there is none") {
    Backup backup;
    backup.name = "b";
    MemorySink sink;
    observe_agreements(sink, backup, at(2026, 11, 22, 12));
    CHECK(sink.observations.empty());
    backup.plan.paused_until = at(2026, 12, 24, 0);
    observe_agreements(sink, backup, at(2026, 11, 22, 12));
    REQUIRE(sink.observations.size() == 1);
    CHECK(sink.observations[0].metric == &metric::backup_paused_until_timestamp_seconds);
    CHECK(sink.observations[0].value == at(2026, 12, 24, 0));
}

TEST_CASE("a schedule that has come for the last time is a problem: nothing is due any more") {
    const BerlinHost host;
    MemorySink sink;
    Backup backup;
    backup.name = "b";
    backup.plan.schedule = "2020-01-01 UTC";
    observe_limits(Host(host.path), sink, backup, at(2026, 11, 22, 12));
    CHECK(sink.observations.empty());
    REQUIRE(sink.problems.size() == 1);
    CHECK(sink.problems[0].second.message.find("does not come again") != std::string::npos);
}
