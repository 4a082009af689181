// Which exit statuses of which commands of a unit are a success.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "collectors/backups/job.hpp"
#include "tests/collectors/backups/made_unit.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE("an exit status that the configuration counts as success") {
    const auto judged = [](const json& unit, const Messages& messages = {}) {
        return judge(unit, messages, {}, "borg", {1, 3});
    };
    // Whether systemd counts it as success or not.
    for (const char* result : {"success", "exit-code"}) {
        const JobState job = judged(ended(good(), 1, 1, result));
        CHECK(success(job) == night);
        CHECK(job.known.last_success->confidence == Confidence::exact);
        CHECK(job.known.last->exit_status == 1);
        CHECK_FALSE(job.partly);
        CHECK_FALSE(success(judged(ended(good(), 1, 2, result))));
        CHECK_FALSE(success(judged(ended(good(), 2, 1, result))));  // signal 1
    }
    // It ended the run before the last command.
    json unit = ended(good(), 1, 1, "exit-code");
    unit["ExecStart"].push_back(step(night, 0));
    unit["ExecStart"][1]["start"] = unit["ExecStart"][1]["end"] = 0;
    CHECK_FALSE(success(judged(unit)));
    unit["ExecStart"][1] = step(night - 86400, 0);
    CHECK_FALSE(success(judged(unit)));
    // Another command failed.
    unit = ended(good(), 1, 1);
    unit["ExecStart"] = json::array({step(night - 1, 2), step(night, 1)});
    CHECK_FALSE(success(judged(unit)));
    // A later command than the main ones failed, and what systemd knows of them is of a night ago.
    CHECK_FALSE(success(judged(ended(good(), 1, 0, "timeout"))));

    // The journal does not tell which command it was.
    const JobState later = judged(forgotten(), failed_run(night, "1"));
    CHECK_FALSE(success(later));
    CHECK(later.known.unproven == night);
    CHECK(judged(forgotten(), failed_run(night, "2")).known.last->outcome == "exit status 2");
}

TEST_CASE("exit statuses that tell of a source that could not be read whole") {
    CHECK(judge(ended(with(good(), {{"SuccessExitStatus", true}}), 1, 3)).partly);
    CHECK_FALSE(judge(ended(good(), 1, 1, "exit-code")).partly);
    json script = ended(good(), 1, 1, "exit-code");
    script["ExecStart"][0]["tool"] = "";
    CHECK_FALSE(judge(script).partly);
    CHECK(judge(script, {}, {}, "borg").partly);
    CHECK(means_partly("rsync", 24));
    CHECK_FALSE(means_partly("restic", 24));
    CHECK_FALSE(means_partly("", 3));
}

TEST_CASE("a failure before the main process is told by its result") {
    json unit = with(good(), {{"Result", "exit-code"},
                              {"ActiveState", "failed"},
                              {"ConditionTimestamp", microseconds(night + 3600)},
                              {"InactiveEnterTimestamp", microseconds(night + 3601)}});
    const JobState job = judge(unit);
    CHECK(job.known.last->time == night + 3601);
    CHECK(job.known.last->outcome == "result exit-code");
    CHECK_FALSE(job.known.last->exit_status);
    CHECK_FALSE(success(job));
}

TEST_CASE("a command behind the main one that failed is a failure of the run") {
    const json unit = with(good(), {{"Result", "exit-code"}, {"ActiveState", "failed"}});
    const JobState job = judge(unit, {}, {}, "restic", {3});
    CHECK(job.known.last->outcome == "result exit-code");
    CHECK_FALSE((success(job) || job.partly));
    CHECK_FALSE(success(judge(unit)));
}

TEST_CASE("another command that failed fails the run, whatever the main exit status") {
    for (const char* setting : {"ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost"}) {
        CAPTURE(setting);
        json unit = with(ended(good(), 1, 3, "exit-code"), {{"SuccessExitStatus", true}});
        unit[setting] = json::array({step(night + 1, 0), step(night + 2, 1)});
        const auto judged = [&] { return judge(unit, {}, {}, "restic", {1, 3}); };
        CHECK_FALSE(success(judged()));
        CHECK_FALSE(judged().partly);
        CHECK(judged().known.last->outcome == fmt::format("exit status 1 of {}=", setting));
        CHECK_FALSE(judged().known.last->exit_status);
        // The main one's own failure is told before that.
        CHECK(judge(unit).known.last->outcome == "exit status 3");
        CHECK(judge(unit).partly);
        // Of the run before, or behind "-": it is not what failed.
        unit[setting][1]["ignores_failure"] = true;
        CHECK(success(judged()) == night);
        unit[setting][1] = step(night - 86400, 1);
        CHECK(success(judged()) == night);
        unit[setting][1] = step(night + 2, 15, 2);
        CHECK(judged().known.last->outcome == fmt::format("signal 15 of {}=", setting));
    }
}
