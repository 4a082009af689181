// Tests which tasks exist, and which run at the same time. supervisor_test.cpp tests one task's
// runs.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "agent/supervise/supervisor.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "tests/agent/supervise/supervised.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE("a group has one child, and what it did not reach keeps its last values") {
    Stage stage({&stores});
    present_groups = {{"disk", {"a", "b"}}, {"nas", {"c"}}};
    stage.configure();
    CHECK(stage.loop.count("stores nas") == 1);
    stage.child("stores disk").print(line(metric::backup_readable, "a", 1));
    stage.child("stores disk").print(line(metric::backup_size_bytes, "a", 5));
    stage.child("stores disk").print(line(metric::backup_readable, "b", 1));
    stage.child("stores disk").print(line(metric::backup_size_bytes, "b", 7));
    stage.child("stores disk").end(ChildEnd::finished, "");
    stage.loop.advance(61);
    stage.child("stores disk").print(line(metric::backup_readable, "a", 1));
    stage.child("stores disk").print(line(metric::backup_max_age_seconds, "b", 9));
    stage.child("stores disk").end(ChildEnd::failed, "killed by signal 11");
    const auto last = [&](const Metric& metric, const char* backup) {
        return value_of(stage.task("stores", "disk").last.observations, metric, backup);
    };
    CHECK(last(metric::backup_readable, "a") == 1);
    CHECK_FALSE(last(metric::backup_size_bytes, "a"));
    CHECK_FALSE(last(metric::backup_readable, "b"));
    CHECK(last(metric::backup_size_bytes, "b") == 7);

    // A backup that moves to another filesystem, and one that is new.
    present_groups = {{"disk", {"a"}}, {"nas", {"b", "c"}}};
    stage.loop.advance(61);
    CHECK(stage.task("stores", "nas").members == std::vector<std::string>{"b", "c"});
    CHECK(stage.task("stores", "disk").members == std::vector<std::string>{"a"});
    // What is known of it goes with it.
    CHECK_FALSE(last(metric::backup_size_bytes, "b"));
    CHECK(value_of(stage.task("stores", "nas").last.observations, metric::backup_size_bytes, "b") ==
          7);
    present_groups.clear();
}

TEST_CASE("a member that its group's child no longer reads is given to its new group at once") {
    Stage stage({&shelves});
    present_groups = {{"/", {"a"}}, {"/nas", {"b", "c"}}};
    stage.configure();
    const auto read = [&](const char* group, const char* member) {
        PlayedChild& child = stage.child(std::string("shelves ") + group);
        child.print(line(metric::backup_readable, member, 1));
        child.print(commit);
    };
    for (const char* member : {"b", "c"}) read("/nas", member);
    read("/", "a");
    present_groups = {{"/", {"a", "b"}}, {"/nas", {"c"}}};  // no time has passed
    read("/nas", "c");
    read("/nas", "c");
    CHECK(stage.task("shelves", "/nas").members == std::vector<std::string>{"c"});
    CHECK(stage.task("shelves", "/").members == std::vector<std::string>{"a", "b"});
    CHECK(value_of(stage.task("shelves", "/").last.observations, metric::backup_readable, "b") ==
          1);
    present_groups.clear();
}

TEST_CASE(
    "of a group each member counts as soon as it was read, and who hangs hides only himself") {
    Stage stage({&shelves});
    present_groups = {{"disk", {"a", "hangs", "z"}}};
    stage.configure();
    const auto last = [&](const Metric& metric, const char* backup) {
        return value_of(stage.task("shelves", "disk").last.observations, metric, backup);
    };
    const auto read = [&](const std::string& member, double size) {
        PlayedChild& child = stage.child("shelves disk");
        child.print(line(metric::backup_readable, member, 1));
        child.print(line(metric::backup_size_bytes, member, size));
        child.print(line(metric::backup_readable, member + "/part", 1));
        child.print(commit);
    };
    read("a", 1);
    CHECK(last(metric::backup_size_bytes, "a") == 1);
    CHECK_FALSE(stage.task("shelves", "disk").has_reported);  // the others are not missing yet
    read("hangs", 2);
    read("z", 3);
    CHECK(stage.task("shelves", "disk").succeeded);

    read("a", 4);
    CHECK(last(metric::backup_size_bytes, "a") == 4);
    CHECK(last(metric::backup_size_bytes, "z") == 3);
    stage.child("shelves disk").print(line(metric::backup_max_age_seconds, "hangs", 9));
    stage.loop.advance(81);
    stage.child("shelves disk").end(ChildEnd::killed, "took longer");
    stage.loop.settle();
    CHECK_FALSE(stage.task("shelves", "disk").succeeded);
    CHECK(last(metric::backup_readable, "a") == 1);
    CHECK(last(metric::backup_readable, "z") == 1);
    CHECK_FALSE(last(metric::backup_readable, "hangs"));
    CHECK(last(metric::backup_readable, "hangs/part") == 0);
    CHECK(last(metric::backup_size_bytes, "hangs") == 2);

    // The next child reads the others first, and again: it fails until it has read all.
    for (int round = 0; round < 4; ++round) {
        stage.loop.advance(61);
        read("a", 5);
        CHECK_FALSE(stage.task("shelves", "disk").succeeded);
        stage.child("shelves disk").print(line(metric::backup_max_age_seconds, "hangs", 9));
        stage.loop.advance(81);
        stage.child("shelves disk").end(ChildEnd::killed, "took longer");
        stage.loop.settle();
    }
    CHECK(last(metric::backup_size_bytes, "a") == 5);
    CHECK_FALSE(last(metric::backup_readable, "z"));  // it was not read for too long
    CHECK(last(metric::backup_size_bytes, "z") == 3);
    present_groups.clear();
}

TEST_CASE("what a poll of the whole host did not come to stays, until a run ends well") {
    Stage stage({&space});
    stage.configure();
    stage.child("space").print(line(metric::backup_size_bytes, "a", 1));
    stage.child("space").print(line(metric::backup_size_bytes, "b", 2));
    stage.finish("space");
    stage.loop.advance(61);
    stage.child("space").print(line(metric::backup_size_bytes, "a", 3));
    stage.child("space").end(ChildEnd::killed, "took longer");
    stage.loop.settle();
    CHECK(stage.value("space", metric::backup_size_bytes, "a") == 3);
    CHECK(stage.value("space", metric::backup_size_bytes, "b") == 2);
    stage.loop.advance(61);
    stage.child("space").print(line(metric::backup_size_bytes, "a", 4));
    stage.finish("space");
    CHECK_FALSE(stage.value("space", metric::backup_size_bytes, "b"));
}

TEST_CASE("polls of one collector beyond its limit wait, in the order they are due") {
    Stage stage({&health, &events});
    for (int i = 10; i < 40; ++i) present_drives.push_back(fmt::format("d{}", i));
    stage.configure();
    const size_t limit = std::clamp<size_t>(size_t{2} * std::thread::hardware_concurrency(), 4, 8);
    CHECK(stage.loop.running("health") == limit);
    CHECK(stage.loop.running("events") == 1);  // streams do not count
    for (size_t done = 1; done <= 30 - limit; ++done) {
        stage.finish(fmt::format("health d{}", 9 + done));
        CHECK(stage.loop.running("health") == limit);
    }
    for (const PlayedChild& child : stage.loop.children)
        CHECK(child.started_at == stage.loop.monotonic());
    for (const std::string& drive : present_drives) CHECK(stage.loop.count("health " + drive) == 1);
}

TEST_CASE("at most 16 polls run at the same time") {
    Stage stage({&events});
    for (int i = 10; i < 30; ++i)
        stage.config.external_collectors.push_back(
            {fmt::format("tape{}", i), {"/opt/tape", fmt::format("{}", i)}, 300, 60});
    stage.configure();
    CHECK(stage.loop.running("collect tape") == 16);
    stage.finish("tape12");
    CHECK(stage.loop.running("collect tape") == 16);
    CHECK(stage.loop.running("tape26") == 1);
    stage.fail("events");
    stage.loop.advance(1);
    CHECK(stage.loop.running("events") == 1);  // a stream needs no room
}

TEST_CASE("polls that hang make no other late by more than a few seconds") {
    Stage stage({&health});
    for (int i = 10; i < 50; ++i)
        stage.config.external_collectors.push_back(
            {fmt::format("tape{}", i), {"/opt/tape"}, 300, 3600});
    stage.configure();
    CHECK(stage.loop.running("collect tape") == 16);
    stage.loop.advance(9);
    CHECK(stage.loop.running("collect tape") == 16);
    stage.loop.advance(1.5);
    CHECK(stage.loop.running("collect tape") == 32);
    stage.loop.advance(10);
    CHECK(stage.loop.running("collect tape") == 40);
}

TEST_CASE("slow third-party polls take no room from ours") {
    Stage stage({&space});
    for (int i = 10; i < 30; ++i)
        stage.config.external_collectors.push_back(
            {fmt::format("tape{}", i), {"/opt/tape", fmt::format("{}", i)}, 300, 3600});
    stage.configure();
    stage.finish("space");
    CHECK(stage.loop.running("collect tape") == 16);
    stage.loop.advance(61);
    CHECK(stage.loop.running("space") == 1);
}

TEST_CASE("a new configuration starts a collector when its last run has ended") {
    Stage stage({&space, &events});
    stage.config.external_collectors = {{"tape", {"/opt/tape"}, 300, 60}};
    stage.configure();
    for (int round = 0; round < 3; ++round) stage.configure();
    for (const char* name : {"space", "events", "tape"}) {
        CAPTURE(name);
        PlayedChild& old = stage.child(name);
        REQUIRE_FALSE(old.stops.empty());
        stage.loop.advance(1);
        CHECK(stage.loop.count(name) == 1);
        old.end(ChildEnd::abandoned, "stuck");  // as a process in an uninterruptible sleep
        stage.loop.advance(1000);
        CHECK(stage.loop.count(name) == 1);
        old.die_at_last();
        stage.loop.settle();
        CHECK(stage.loop.count(name) == 2);
        CHECK(stage.loop.running(name) == 1);
    }
}

TEST_CASE("a new configuration removes, disables, adds and changes collectors") {
    Stage stage({&space, &events});
    stage.config.external_collectors = {{"tape", {"/opt/tape"}, 300, 60},
                                        {"old", {"/opt/old"}, 300, 60}};
    stage.configure();
    stage.child("space").print(count_line(3));
    stage.finish("space");
    stage.child("tape").print(count_line(8));
    stage.finish("tape");
    const Timestamp success = stage.loop.now();
    PlayedChild& old = stage.child("old");
    PlayedChild& stream = stage.child("events");

    stage.loop.advance(5);
    stage.config.external_collectors = {{"tape", {"/opt/tape", "-v"}, 100, 60},
                                        {"new", {"/opt/new"}, 300, 60}};
    stage.config.collectors["events"].enabled = false;
    stage.configure();
    CHECK(old.stops.size() == 1);
    CHECK(stream.stops.size() == 1);
    CHECK(stage.loop.running("new") == 1);
    CHECK(stage.loop.running("collect tape") == 1);
    CHECK_THROWS(stage.task("old"));
    CHECK_THROWS(stage.task("events"));

    // Known values stay until they have been read again.
    CHECK(stage.value("space", metric::backup_count, "home") == 3);
    CHECK(stage.value("tape", metric::backup_count, "home") == 8);
    CHECK(stage.task("tape").last_success == success);
    CHECK(stage.task("tape").succeeded);
    CHECK_FALSE(stage.supervisor.all_have_reported());  // "new" has not reported
    stage.child("tape").print(count_line(9));
    stage.finish("tape");
    CHECK(stage.value("tape", metric::backup_count, "home") == 9);
    stage.finish("new");
    CHECK(stage.supervisor.all_have_reported());

    // Later output of the old children is ignored.
    const int changes = stage.changes;
    stream.print(increment_line(2));
    stream.print(commit);
    CHECK(counter(stage.state, metric::drive_kernel_errors_total, "d1") == 0);
    CHECK(stage.state.cursor("events").empty());
    stream.end(ChildEnd::killed, "stopped");
    old.end(ChildEnd::killed, "stopped");
    stage.loop.settle();
    CHECK(stage.changes == changes);
    stage.loop.advance(100);
    CHECK(stage.loop.count("old") == 1);
    CHECK(stage.loop.count("events") == 1);
    CHECK(stage.loop.count("collect tape") == 3);
    CHECK(stage.supervisor.tasks().size() == 3);
}

TEST_CASE("a sleeping drive's values stay with their age until it is read again") {
    Stage stage({&health});
    present_drives = {"d1"};
    stage.configure();
    const auto power = [](const char* state) {
        return line(metric::drive_power_state, "d1", 1,
                    fmt::format(R"(,"labels":{{"state":"{}"}})", state));
    };
    const auto last = [&](const Metric& metric) {
        const Observation* found = nullptr;
        for (const Observation& observation : stage.task("health", "d1").last.observations)
            if (observation.metric == &metric) {
                CHECK(found == nullptr);  // only once
                found = &observation;
            }
        return found;
    };
    stage.child("health").print(power("active"));
    stage.child("health").print(line(metric::drive_temperature_celsius, "d1", 30));
    stage.child("health").print(line(metric::drive_answering, "d1", 1));
    stage.finish("health");
    const Timestamp read_at = stage.loop.now();

    for (const char* state : {"standby", "sleep"}) {
        stage.loop.advance(300);
        stage.child("health").print(power(state));
        stage.child("health").print(line(metric::drive_answering, "d1", 0));
        stage.finish("health");
        REQUIRE(last(metric::drive_temperature_celsius));
        CHECK(last(metric::drive_temperature_celsius)->value == 30);
        CHECK(last(metric::drive_temperature_celsius)->observed_at == read_at);
        CHECK(last(metric::drive_power_state)->label("state") == state);
        CHECK(last(metric::drive_answering)->value == 0);
    }

    // Once awake, values that it no longer reports are dropped.
    stage.loop.advance(300);
    stage.child("health").print(power("active"));
    stage.finish("health");
    CHECK_FALSE(last(metric::drive_temperature_celsius));
}

TEST_CASE("a new drive gets its child at once, a removed one is no longer polled") {
    Stage stage({&drives, &health});
    present_drives = {"d1"};
    stage.configure();
    stage.child("drives").print(line(metric::drive_present, "d1", 1));
    stage.child("drives").print(commit);
    stage.loop.settle();
    stage.child("health d1").print(line(metric::drive_temperature_celsius, "d1", 30));
    stage.finish("health d1");

    present_drives = {"d1", "d2"};
    stage.child("drives").print(line(metric::drive_present, "d1", 1));
    stage.child("drives").print(line(metric::drive_present, "d2", 1));
    stage.child("drives").print(commit);
    stage.loop.settle();
    CHECK(stage.loop.running("health d2") == 1);
    CHECK(stage.loop.count("health d1") == 1);  // the other drive does not make it earlier

    present_drives = {"d2"};
    stage.child("drives").print(line(metric::drive_present, "d2", 1));
    stage.child("drives").print(commit);
    stage.loop.settle();
    CHECK_THROWS(stage.task("health", "d1"));
    stage.finish("health d2");
    stage.loop.advance(300);
    CHECK(stage.loop.count("health d1") == 1);
    CHECK(stage.loop.count("health d2") == 2);

    // Without an event, the change is noticed within 60 s.
    present_drives = {"d2", "d3"};
    stage.loop.advance(61);
    CHECK(stage.loop.running("health d3") == 1);
}

TEST_CASE("look_again makes every idle poll due") {
    Stage stage({&space, &events});
    stage.config.external_collectors = {{"tape", {"/opt/tape"}, 3000, 600}};
    stage.configure();
    stage.finish("tape");
    stage.supervisor.look_again();
    stage.loop.settle();
    CHECK(stage.loop.count("tape") == 2);
    CHECK(stage.loop.count("space") == 1);
    CHECK(stage.loop.count("events") == 1);
}

TEST_CASE("stop stops all children and starts none") {
    Stage stage({&space, &events});
    stage.configure();
    stage.supervisor.stop();
    CHECK(stage.child("space").stops.size() == 1);
    CHECK(stage.child("events").stops.size() == 1);
    CHECK(stage.supervisor.running());
    stage.child("events").end(ChildEnd::killed, "stopped");
    stage.loop.settle();
    CHECK(stage.supervisor.running());
    stage.child("space").end(ChildEnd::abandoned, "stuck in the kernel");
    stage.loop.settle();
    CHECK_FALSE(stage.supervisor.running());
    CHECK(stage.changes == 0);
    stage.loop.advance(1000);
    CHECK(stage.loop.children.size() == 2);
}

TEST_CASE("a run that left something stuck behind holds up the next one of its subject") {
    Stage stage({&space, &health});
    present_drives = {"d1", "d2"};
    stage.config.external_collectors = {{"tape", {"/opt/tape"}, 60, 60}};
    stage.configure();
    PlayedChild& drive = stage.child("health d1");
    PlayedChild& tape = stage.child("tape");
    for (PlayedChild* leaver : {&drive, &tape}) {
        leaver->leaves = true;
        leaver->finish();
    }
    stage.finish("health d2");
    stage.loop.advance(1000);
    CHECK(stage.loop.count("health d1") == 1);
    CHECK(stage.loop.count("tape") == 1);
    CHECK(stage.loop.count("health d2") > 1);
    CHECK(stage.task("tape").succeeded);  // it had ended in time itself
    CHECK(drive.owned);
    for (const PlayedChild* leaver : {&drive, &tape}) leaver->die_at_last();
    stage.loop.settle();
    CHECK_FALSE(drive.owned);
    CHECK(stage.loop.count("health d1") == 2);
    CHECK(stage.loop.count("tape") == 2);
}

TEST_CASE("a collector of the whole host goes on beside what it left behind, up to a limit") {
    Stage stage({&space});
    stage.configure();
    for (int run = 0; run < 20; ++run) {
        PlayedChild& child = stage.child("space");
        if (child.ended) break;
        child.leaves = true;
        child.finish();
        stage.loop.advance(61);
    }
    CHECK(stage.loop.count("space") == 8);
    stage.loop.children.front().die_at_last();
    stage.loop.settle();
    CHECK(stage.loop.count("space") == 9);
}
