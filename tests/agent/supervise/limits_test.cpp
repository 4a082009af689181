// Tests that what one collector prints stays bounded, and hides nothing of another subject.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "agent/memory/snapshot.hpp"
#include "agent/supervise/supervisor.hpp"
#include "core/metrics/backups.hpp"
#include "tests/agent/supervise/supervised.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE(
    "a collector that prints nothing but rubbish is stopped, and what it printed is bounded") {
    Stage stage;
    stage.configure();
    auto& child = stage.child("collect space");
    child.print(count_line(7));
    for (int i = 0; i < 999; ++i) child.print("rubbish");
    CHECK(child.stops.empty());
    for (int i = 0; i < 100'000; ++i) child.print("rubbish");
    REQUIRE(child.stops.size() == 1);
    CHECK(child.stops[0].find("1000 lines that are not valid observations; the first: ") !=
          std::string::npos);
    child.end(ChildEnd::killed, child.stops[0]);
    stage.loop.settle();
    CHECK(stage.task("space").last.rejected_lines == 1000);
    CHECK(stage.value("space", metric::backup_count, "home") == 7);
}

TEST_CASE("problems are bounded for each subject and in all, and none hides another subject's") {
    Stage stage;
    stage.configure();
    auto& child = stage.child("collect space");
    const auto problem = [&](const std::string& subject) {
        child.print(R"({"problem":"a loop","subject":")" + subject + "\"}");
    };
    for (int i = 0; i < 20'000; ++i) problem("loud");
    problem("quiet");
    for (int i = 0; i < 3000; ++i) problem("s" + std::to_string(i));
    stage.finish("collect space");
    const Batch& batch = stage.task("space").last;
    CHECK(child.stops.empty());
    CHECK(batch.problems.size() == 1000);
    CHECK(batch.more_problems.size() <= 1001);
    CHECK(batch.more_problems.at("loud") == 19'950);
    CHECK(std::ranges::count(batch.problems, "quiet", &std::pair<std::string, Error>::first) == 1);
    size_t all = batch.problems.size();
    for (const auto& [subject, count] : batch.more_problems) all += count;
    CHECK(all == 23'001);
    const std::vector<Problem> told = problems_of(stage.supervisor.tasks());
    CHECK(std::ranges::count(told, "and 19950 problems more", &Problem::message) == 1);
    CHECK(told.size() <= 2001);
}

TEST_CASE("an endless list of problems stops its collector") {
    Stage stage;
    stage.configure();
    auto& child = stage.child("collect space");
    for (int i = 0; i < 50'001; ++i) child.print(R"({"problem":"a loop"})");
    CHECK(child.stops.size() == 1);
}

TEST_CASE("what is dated in the future is as old as its line") {
    Stage stage;
    stage.configure();
    stage.child("collect space")
        .print(line(metric::backup_count, "home", 3, R"(,"observed_at":250000000000)"));
    stage.finish("collect space");
    CHECK(stage.task("space").last.observations.at(0).observed_at == stage.loop.now());
}
