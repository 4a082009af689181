// Tests the runs of one task; supervisor_tasks_test.cpp tests how tasks interact.
#include "agent/supervise/supervisor.hpp"

#include <doctest/doctest.h>

#include "core/bytes.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/host.hpp"
#include "tests/agent/supervise/supervised.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE("configured collectors start with their command line and limits") {
    Stage stage({&space, &events, &health});
    present_drives = {"d1", "d2"};
    stage.config.external_collectors.push_back({"tape", {"/opt/tape", "-v"}, 300, 7});
    stage.config.collectors["space"].deadline = 5;
    stage.state.set_cursor("events", "17");
    stage.launch = {"/usr/bin/lastgood", "/recorded", 9};
    stage.configure();
    std::vector<std::string> lines;
    for (const PlayedChild& child : stage.loop.children) {
        lines.push_back(PlayedLoop::command_line(child));
        CHECK(child.command.config_fd == 9);
    }
    const std::string options = "--config /proc/self/fd/3 --root /recorded";
    CHECK(lines == std::vector<std::string>{"lastgood collect space " + options,
                                            "lastgood collect events " + options + " --cursor 17",
                                            "lastgood collect tape --config /proc/self/fd/3",
                                            "lastgood collect health d1 " + options,
                                            "lastgood collect health d2 " + options});
    CHECK(stage.child("space").command.program == "/usr/bin/lastgood");
    CHECK(stage.child("tape").command.program == "/usr/bin/lastgood");
    CHECK(stage.child("space").limits.deadline == 5);
    CHECK(stage.child("health").limits.deadline == 30);
    CHECK(stage.child("tape").limits.deadline == 7);
    // A stream must commit at least once per interval.
    CHECK(stage.child("events").limits.deadline == 60);
    CHECK(stage.child("space").limits.output == 32 * mib);
    CHECK_FALSE(stage.supervisor.all_have_reported());
}

TEST_CASE("a poll's values count at its end; polls start one interval apart") {
    Stage stage;
    stage.configure();
    stage.child("space").print(count_line(3));
    CHECK_FALSE(stage.value("space", metric::backup_count, "home"));
    stage.loop.advance(10);
    stage.finish("space");
    CHECK(stage.value("space", metric::backup_count, "home") == 3);
    CHECK(stage.changes == 1);
    const Task& task = stage.task("space");
    CHECK(task.succeeded);
    CHECK(task.duration == 10);
    CHECK(task.last_success == stage.loop.now());
    CHECK(stage.supervisor.all_have_reported());

    stage.loop.advance(49);
    CHECK(stage.loop.children.size() == 1);
    stage.loop.advance(1.1);
    REQUIRE(stage.loop.children.size() == 2);
    // Values that it no longer reports are dropped, but only at its end.
    stage.child("space").print(line(metric::backup_count, "other", 4));
    CHECK(stage.value("space", metric::backup_count, "home") == 3);
    stage.finish("space");
    CHECK_FALSE(stage.value("space", metric::backup_count, "home"));
    CHECK(stage.value("space", metric::backup_count, "other") == 4);

    // A poll that exceeds its interval is not started a second time.
    stage.loop.advance(61);
    stage.loop.advance(300);
    CHECK(stage.loop.children.size() == 3);
    stage.finish("space");
    stage.loop.advance(0.2);
    CHECK(stage.loop.children.size() == 4);
}

TEST_CASE("a failed poll keeps the values it printed") {
    Stage stage;
    stage.configure();
    stage.child("space").print(count_line(3));
    stage.finish("space");
    const Timestamp success = stage.loop.now();

    stage.loop.advance(60);
    stage.child("space").print(count_line(4));
    stage.child("space").print(R"({"problem":"no access","kind":"denied","subject":"x"})");
    stage.fail("space", "the disk is gone");
    const Task& task = stage.task("space");
    CHECK(stage.value("space", metric::backup_count, "home") == 4);
    REQUIRE(task.last.problems.size() == 1);
    CHECK(task.last.problems[0].first == "x");
    CHECK(task.last.problems[0].second.message == "no access");
    CHECK_FALSE(task.succeeded);
    CHECK(task.failure == "the disk is gone");
    CHECK(task.last_success == success);
    const Timestamp first_failure = stage.loop.now();
    CHECK(task.failing_since == first_failure);
    CHECK(stage.changes == 2);

    // A poll past its deadline; the collector has failed since the first time.
    stage.loop.advance(60);
    stage.child("space").print(count_line(5));
    stage.child("space").end(ChildEnd::killed, "did not answer within 20 s");
    CHECK(stage.value("space", metric::backup_count, "home") == 5);
    CHECK(task.failure == "did not answer within 20 s");
    CHECK(task.failing_since == first_failure);

    stage.loop.advance(60);
    stage.finish("space");
    CHECK(task.succeeded);
    CHECK(task.failure.empty());
    CHECK(task.failing_since == 0);
    CHECK(task.last_success == stage.loop.now());

    // Its pace stays.
    stage.loop.advance(60);
    stage.loop.advance(10);
    stage.fail("space");
    const size_t before = stage.loop.children.size();
    stage.loop.advance(49);
    CHECK(stage.loop.children.size() == before);
    stage.loop.advance(1.1);
    CHECK(stage.loop.children.size() == before + 1);
}

TEST_CASE("rejected lines are counted, and the first reason is kept") {
    Stage stage;
    stage.configure();
    stage.child("space").print("rubbish");
    stage.child("space").print(count_line(3));
    stage.child("space").print("{}");
    stage.finish("space");
    const Task& task = stage.task("space");
    CHECK(task.last.rejected_lines == 2);
    CHECK(task.last.first_rejected == "not a JSON object");
    CHECK(task.last.observations.size() == 1);
    CHECK(counter(stage.state, metric::collector_rejected_lines_total, "space") == 2);
}

TEST_CASE("a collector that prints too much is stopped") {
    Stage stage;
    stage.configure();
    PlayedChild& child = stage.child("space");
    for (int i = 0; i < 50'000; ++i) child.print(count_line(i));
    CHECK(child.stops.empty());
    child.print(count_line(1));
    CHECK(child.stops == std::vector<std::string>{"printed more than 50000 observations"});
}

TEST_CASE("a stream's batch counts at its commit, with increments and cursor") {
    Stage stage({&events});
    stage.configure();
    stage.child("events").print(count_line(3));
    stage.child("events").print(increment_line(2));
    CHECK(counter(stage.state, metric::drive_kernel_errors_total, "d1") == 0);
    stage.loop.advance(10);
    stage.child("events").print(commit);
    CHECK(counter(stage.state, metric::drive_kernel_errors_total, "d1") == 2);
    CHECK(stage.state.cursor("events") == "42");
    CHECK(stage.value("events", metric::backup_count, "home") == 3);
    CHECK(stage.child("events").extensions == 1);
    CHECK(stage.task("events").succeeded);
    CHECK(stage.task("events").duration == 10);
    CHECK(stage.changes == 1);

    // The next child reads uncommitted events again; they must not count twice.
    stage.child("events").print(increment_line(5));
    stage.child("events").print(count_line(4));
    stage.fail("events");
    CHECK(counter(stage.state, metric::drive_kernel_errors_total, "d1") == 2);
    CHECK(stage.value("events", metric::backup_count, "home") == 3);
    stage.loop.advance(1);
    CHECK(PlayedLoop::command_line(stage.child("events")) == "lastgood collect events --cursor 42");
    stage.child("events").print(increment_line(5));
    stage.child("events").print(R"({"commit":true})");
    CHECK(counter(stage.state, metric::drive_kernel_errors_total, "d1") == 7);
    CHECK(stage.state.cursor("events") == "42");
}

TEST_CASE("an ended stream restarts with growing delay until it commits") {
    Stage stage({&events});
    stage.configure();
    for (const Seconds pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
        CAPTURE(pause);
        const size_t before = stage.loop.children.size();
        stage.finish("events");  // a failure even with status 0: a stream must not end
        CHECK_FALSE(stage.task("events").succeeded);
        CHECK(stage.task("events").failure == "ended, but a stream must not end");
        stage.loop.advance(pause - 0.1);
        CHECK(stage.loop.children.size() == before);
        stage.loop.advance(0.1);
        CHECK(stage.loop.children.size() == before + 1);
    }
    stage.child("events").print(commit);
    CHECK(stage.task("events").succeeded);
    CHECK(stage.task("events").failing_since == 0);
    stage.fail("events");
    stage.loop.advance(1);
    CHECK(stage.loop.running("events") == 1);
}

TEST_CASE("on a recorded host a stream may end") {
    test::RecordedHost recorded;
    Stage stage({&events}, &recorded.host());
    stage.configure();
    stage.child("events").print(count_line(3));
    stage.child("events").print(commit);
    stage.finish("events");
    CHECK(stage.task("events").succeeded);
    CHECK(stage.value("events", metric::backup_count, "home") == 3);
    stage.loop.advance(49.8);
    CHECK(stage.loop.running("events") == 0);
    stage.loop.advance(0.3);
    CHECK(stage.loop.running("events") == 1);
}

TEST_CASE("a failed start counts as a failure and is retried") {
    Stage stage({&space, &events});
    stage.loop.start_fails = "cannot fork: out of processes";
    stage.configure();
    CHECK(stage.task("space").failure == "cannot fork: out of processes");
    CHECK(stage.task("space").has_reported);
    stage.loop.start_fails.reset();
    stage.loop.advance(1.1);
    CHECK(stage.loop.running("events") == 1);
    stage.loop.advance(59);
    CHECK(stage.loop.running("space") == 1);
}

TEST_CASE("no second child starts while one is abandoned, and other subjects continue") {
    Stage stage({&space, &health});
    present_drives = {"d1", "d2"};
    stage.configure();
    stage.child("health d1").print(line(metric::drive_temperature_celsius, "d1", 30));
    stage.child("health d1").end(ChildEnd::abandoned, "stuck in the kernel");
    stage.finish("health d2");
    PlayedChild& stuck = stage.child("health d1");
    CHECK(stuck.owned);
    CHECK(stage.task("health", "d1").abandoned.size() == 1);
    CHECK(stage.task("health", "d1").failure == "stuck in the kernel");
    CHECK(stage.task("health", "d1").last.observations.size() == 1);
    stage.loop.advance(301);
    CHECK(stage.loop.count("health d1") == 1);
    CHECK(stage.loop.count("health d2") == 2);

    // A new configuration does not change this.
    stage.configure();
    stage.loop.advance(301);
    CHECK(stage.loop.count("health d1") == 1);
    CHECK(stuck.owned);

    const int changes = stage.changes;
    stuck.die_at_last();
    stage.loop.settle();
    CHECK_FALSE(stuck.owned);
    CHECK(stage.changes == changes + 1);
    CHECK(stage.loop.count("health d1") == 2);
    CHECK(stage.task("health", "d1").abandoned.empty());
}

TEST_CASE("when an abandoned child dies at last, the next one is started at once") {
    Stage stage;
    stage.configure();
    stage.child("space").end(ChildEnd::abandoned, "stuck in the kernel");
    stage.loop.advance(10);
    stage.child("space").die_at_last();
    stage.loop.settle();
    CHECK(stage.loop.running("space") == 1);
}
