// Tests what the agent adds to the collectors' output.
#include "agent/memory/snapshot.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000, first_seen = now - 40 * 86400.0;

Observation array_of_level(const char* level) {
    return {&metric::array_info, "a", {{"level", level}}, 1, now};
}

// Since when an array that was first seen 40 days ago counts as unchecked.
std::optional<double> unchecked_since(std::vector<Observation> printed) {
    State state;
    state.see(SubjectKind::array, "a", first_seen);
    state.see(SubjectKind::array, "a", now);
    Task task;
    task.name = "arrays";
    task.has_reported = task.succeeded = true;
    task.last.observations = std::move(printed);
    std::list<Task> tasks;
    tasks.push_back(std::move(task));
    remember(state, tasks, now);
    return value_of(observe_all(tasks, state, {}, {}, now),
                    metric::array_unchecked_since_timestamp_seconds, "a");
}

}  // namespace

TEST_CASE("an array is unchecked since its last check, or since first seen") {
    const Observation here{&metric::array_present, "a", {}, 1, now};
    CHECK(unchecked_since({array_of_level("raid1"), here}) == first_seen);
    CHECK(unchecked_since(
              {array_of_level("raid6"),
               here,
               {&metric::array_last_check_timestamp_seconds, "a", {}, now - 86400, now}}) ==
          now - 86400);
    CHECK_FALSE(unchecked_since({array_of_level("raid1")}));  // missing: another finding covers it
}

TEST_CASE("an array without copies needs no check") {
    const Observation here{&metric::array_present, "a", {}, 1, now};
    for (const char* level : {"raid1", "raid4", "raid5", "raid6", "raid10"}) {
        CAPTURE(level);
        CHECK(unchecked_since({array_of_level(level), here}));
    }
    for (const char* level : {"raid0", "linear", "container", "multipath", "faulty", "none",
                              "btrfs raid1", "btrfs single", ""}) {
        CAPTURE(level);
        CHECK_FALSE(unchecked_since({array_of_level(level), here}));
    }
}

TEST_CASE("no observation is later than now, even after the clock was set back") {
    Task task;
    task.name = "smart";
    task.has_reported = task.succeeded = true;
    task.last_success = now + 86400;
    task.last.observations = {
        {&metric::drive_read_timestamp_seconds, "d", {}, now + 86400, now + 86400},
        {&metric::drive_temperature_celsius, "d", {}, 31, now + 86400},
        {&metric::drive_present, "d", {}, 1, now - 5}};
    std::list<Task> tasks;
    tasks.push_back(std::move(task));
    const auto all = observe_all(tasks, {}, {}, {}, now);
    for (const Observation& observation : all) CHECK(observation.observed_at <= now);
    CHECK(value_of(all, metric::drive_read_timestamp_seconds, "d") == now);
    CHECK(value_of(all, metric::collector_last_success_timestamp_seconds, "smart") == now);
    CHECK(value_of(all, metric::drive_temperature_celsius, "d") == 31);
    const auto earlier = std::ranges::find(all, &metric::drive_present, &Observation::metric);
    REQUIRE(earlier != all.end());
    CHECK(earlier->observed_at == now - 5);
}

TEST_CASE("a missing drive keeps the labels of all collectors") {
    const auto reported = [](const char* name, std::vector<Observation> printed) {
        Task task;
        task.name = name;
        task.has_reported = task.succeeded = true;
        task.last.observations = std::move(printed);
        return task;
    };
    const Observation inventory{&metric::drive_info,
                                "d",
                                {{"device", "sdj"}, {"serial", "S1"}, {"transport", "scsi"}},
                                1,
                                now};
    const Observation here{&metric::drive_present, "d", {}, 1, now};
    const Observation health{&metric::drive_info, "d", {{"reader", "none"}}, 1, now};
    std::list<Task> tasks;
    tasks.push_back(reported("drives", {inventory, here}));
    tasks.push_back(reported("smart", {health}));
    State state;
    remember(state, tasks, now);
    // The drive was pulled, and the inventory noticed it first.
    tasks.front().last.observations.clear();
    remember(state, tasks, now + 1);
    tasks.pop_back();
    remember(state, tasks, now + 2);
    const auto all = observe_all(tasks, state, {}, {}, now + 2);
    CHECK(value_of(all, metric::drive_present, "d") == 0);
    size_t found = 0;
    for (const Observation& observation : all) {
        if (observation.metric != &metric::drive_info) continue;
        ++found;
        CHECK(observation.label("device") == "sdj");
        CHECK(observation.label("serial") == "S1");
        CHECK(observation.label("reader") == "none");
    }
    CHECK(found == 1);
}

TEST_CASE("a removable drive is never missing, whichever collector reported last") {
    Task inventory, health;
    inventory.name = "drives";
    inventory.has_reported = inventory.succeeded = true;
    inventory.last.observations = {{&metric::drive_info, "d", {{"transport", "usb"}}, 1, now},
                                   {&metric::drive_present, "d", {}, 1, now}};
    health.name = "smart";
    health.last.observations = {{&metric::drive_info, "d", {{"reader", "none"}}, 1, now}};
    std::list<Task> tasks;
    tasks.push_back(std::move(inventory));
    tasks.push_back(std::move(health));
    const auto may_be_missed = [&](const char* transport) {
        tasks.front().last.observations[0].labels = {{"transport", transport}};
        State state;
        remember(state, tasks, now);
        return state.known(SubjectKind::drive).contains("d");
    };
    for (const char* removable : {"usb", "mmc", "loop"}) {
        CAPTURE(removable);
        CHECK_FALSE(may_be_missed(removable));
    }
    CHECK(may_be_missed("sata"));
}

TEST_CASE("a RAID controller is reported only while it does not answer, a drive always") {
    const auto answering = [](const char* subject, bool succeeded) {
        Task task;
        task.name = "smart";
        task.collector = find_collector("smart");
        task.subject = subject;
        task.has_reported = true;
        task.succeeded = succeeded;
        std::list<Task> tasks;
        tasks.push_back(std::move(task));
        return value_of(observe_all(tasks, {}, {}, {}, now), metric::drive_answering, subject);
    };
    CHECK(answering("wwn-0x5000c500a1b2c3d4", true) == 1);
    CHECK(answering("wwn-0x5000c500a1b2c3d4", false) == 0);
    CHECK_FALSE(answering("controller-host0", true));
    CHECK(answering("controller-host0", false) == 0);
}

TEST_CASE("of a group, each member that the last run did not reach is told") {
    Task task;
    task.name = "backups";
    task.collector = find_collector("backups");
    task.subject = "/mnt/nas";
    task.members = {"a", "b"};
    task.last.observations = {{&metric::backup_readable, "a", {}, 1, now},
                              {&metric::backup_max_age_seconds, "b", {}, 86400, now}};
    task.failure = "killed after 60 s";
    std::list<Task> tasks;
    tasks.push_back(std::move(task));
    const auto readable = [&](const char* backup) {
        return value_of(observe_all(tasks, {}, {}, {}, now), metric::backup_readable, backup);
    };
    CHECK_FALSE(readable("b"));  // not yet
    tasks.front().has_reported = true;
    CHECK(readable("a") == 1);
    CHECK(readable("b") == 0);
    CHECK_FALSE(readable("/mnt/nas"));
    const auto problems = problems_of(tasks);
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].subject == "/mnt/nas");
    CHECK(problems[1].subject == "b");
    CHECK(problems[1].message == "killed after 60 s");
}

TEST_CASE("a collector that prints invalid lines has not succeeded") {
    const auto success = [](size_t rejected_lines) {
        Task task;
        task.name = "tape";
        task.has_reported = task.succeeded = true;
        task.last.rejected_lines = rejected_lines;
        std::list<Task> tasks;
        tasks.push_back(std::move(task));
        return value_of(observe_all(tasks, {}, {}, {}, now), metric::collector_success, "tape");
    };
    CHECK(success(0) == 1);
    CHECK(success(1) == 0);
}

TEST_CASE("each kind of subject has one inventory, and removed subjects are missing") {
    std::set<SubjectKind> kinds;
    for (const Collector* collector : all_collectors()) {
        const Metric* present = collector->inventory;
        if (!present) continue;
        CAPTURE(collector->name);
        CHECK(kinds.insert(present->subject).second);
        CHECK(find_inventory(*present) == collector);
        CHECK(find_inventory(present->subject) == collector);
        Task task;
        task.name = collector->name;
        task.has_reported = task.succeeded = true;
        task.last.observations = {{present, "x", {}, 1, now}};
        std::list<Task> tasks;
        tasks.push_back(std::move(task));
        State state;
        remember(state, tasks, now);
        CHECK(value_of(observe_all(tasks, state, {}, {}, now), *present, "x") == 1);
        tasks.front().last.observations.clear();
        CHECK(value_of(observe_all(tasks, state, {}, {}, now), *present, "x") == 0);
        tasks.front().succeeded = false;  // the inventory failed: presence is unknown
        CHECK_FALSE(value_of(observe_all(tasks, state, {}, {}, now), *present, "x"));
    }
    CHECK(kinds == std::set{SubjectKind::drive, SubjectKind::array});
    CHECK(find_inventory(metric::drive_answering) == nullptr);
    CHECK(find_inventory(SubjectKind::host) == nullptr);
}

TEST_CASE("a series that two collectors print is reported once") {
    std::list<Task> tasks;
    for (const double value : {31.0, 32.0}) {
        Task task;
        task.name = value == 31.0 ? "smart" : "their_own";
        task.has_reported = task.succeeded = true;
        task.last.observations = {{&metric::drive_temperature_celsius, "d", {}, value, now}};
        tasks.push_back(std::move(task));
    }
    const auto all = observe_all(tasks, {}, {}, {}, now);
    REQUIRE(test::select(all, metric::drive_temperature_celsius, "d").size() == 1);
    CHECK(value_of(all, metric::drive_temperature_celsius, "d") == 31);
}

TEST_CASE("of what two collectors say of one series the newest counts, now and after a restart") {
    for (const bool old_one_first : {true, false}) {
        std::list<Task> tasks(2);
        Task &forgotten = old_one_first ? tasks.front() : tasks.back(),
             &drive = old_one_first ? tasks.back() : tasks.front();
        forgotten.name = "inbox";
        forgotten.last.observations = {
            {&metric::drive_smart_passed, "d", {}, 1, now - 9e6},
            {&metric::drive_read_timestamp_seconds, "d", {}, now - 9e6, now - 9e6}};
        drive.name = "smart";
        drive.last.observations = {{&metric::drive_smart_passed, "d", {}, 0, now},
                                   {&metric::drive_read_timestamp_seconds, "d", {}, now, now},
                                   {&metric::drive_present, "d", {}, 1, now}};
        State state;
        remember(state, tasks, now);
        auto all = observe_all(tasks, state, {}, {}, now);
        REQUIRE(test::select(all, metric::drive_smart_passed, "d").size() == 1);
        CHECK(value_of(all, metric::drive_smart_passed, "d") == 0);
        CHECK(value_of(all, metric::drive_read_timestamp_seconds, "d") == now);
        all = observe_all({}, state, {}, {}, now);
        CHECK(value_of(all, metric::drive_read_timestamp_seconds, "d") == now);
    }
}

TEST_CASE("nothing is missing before the inventory was read") {
    State state;
    state.see(SubjectKind::drive, "d", now - 86400);
    Task task;
    task.name = "drives";
    task.collector = find_collector("drives");
    std::list<Task> tasks;
    tasks.push_back(std::move(task));
    const auto present = [&] {
        return value_of(observe_all(tasks, state, {}, {}, now), metric::drive_present, "d");
    };
    CHECK_FALSE(present());
    tasks.front().has_reported = true;  // but failed
    CHECK_FALSE(present());
    tasks.front().succeeded = true;
    CHECK(present() == 0);
    tasks.front().retired = true;
    CHECK_FALSE(present());
}

TEST_CASE("while the host boots, a drive that was here before it may still appear") {
    State before;
    before.see(SubjectKind::drive, "d", now - 86400);
    State state;
    state.load(before.all_rows());
    Task task;
    task.name = "drives";
    task.collector = find_collector("drives");
    task.has_reported = task.succeeded = true;
    std::list<Task> tasks;
    tasks.push_back(std::move(task));
    AgentFacts facts;
    const auto present = [&] {
        return value_of(observe_all(tasks, state, {}, facts, now), metric::drive_present, "d");
    };
    CHECK(present() == 0);
    facts.booting = true;
    CHECK_FALSE(present());
    RuleMemory missed;  // before the boot
    missed.since[{"drive_gone", "d"}] = now - 900;
    state.set_rule_memory(missed);
    CHECK(present() == 0);
    state.set_rule_memory({});
    CHECK_FALSE(present());
    state.see(SubjectKind::drive, "d", now);  // it appeared, and is gone again
    CHECK(present() == 0);
}

TEST_CASE("a backup that nobody reports any more keeps its last known time, across a restart") {
    const auto task = [](const char* name, std::vector<Observation> printed) {
        Task made;
        made.name = name;
        made.has_reported = made.succeeded = true;
        made.last.observations = std::move(printed);
        return made;
    };
    const Observation copy{&metric::backup_newest_timestamp_seconds,
                           "tape",
                           {{"confidence", "exact"}},
                           now - 600,
                           now};
    const Observation change{&metric::backup_newest_timestamp_seconds,
                             "tape",
                             {{"confidence", "activity"}},
                             now - 5,
                             now};
    std::list<Task> tasks;
    tasks.push_back(task("backups", {{&metric::backup_reported_by_others, "tape", {}, 1, now},
                                     {&metric::backup_readable, "tape", {}, 1, now}}));
    State state;
    auto all = observe_all(tasks, state, {}, {}, now);
    CHECK(value_of(all, metric::backup_readable, "tape") == 0);  // never reported
    tasks.push_back(task("inbox", {copy, change}));
    remember(state, tasks, now);
    all = observe_all(tasks, state, {}, {}, now);
    CHECK(value_of(all, metric::backup_readable, "tape") == 1);
    CHECK(value_of(all, metric::backup_reported_timestamp_seconds, "tape") == now - 600);

    tasks.pop_back();  // the file went away
    remember(state, tasks, now + 60);
    all = observe_all(tasks, state, {}, {}, now + 60);
    CHECK(value_of(all, metric::backup_readable, "tape") == 0);
    const auto known =
        std::ranges::find(all, &metric::backup_newest_timestamp_seconds, &Observation::metric);
    REQUIRE(known != all.end());
    CHECK(known->value == now - 600);
    CHECK(known->observed_at == now);
    CHECK(known->label("confidence") == "inferred");
    // Not configured any more: nothing is left of it.
    tasks.clear();
    all = observe_all(tasks, state, {}, {}, now + 60);
    CHECK_FALSE(value_of(all, metric::backup_reported_timestamp_seconds, "tape").has_value());
}
