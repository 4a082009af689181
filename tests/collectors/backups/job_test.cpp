#include "collectors/backups/job.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "collectors/backups/systemd.hpp"
#include "collectors/backups/unit.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "tests/collectors/backups/made_unit.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE("a run whose every command ended with exit status 0 is a success") {
    const JobState job = judge(good());
    CHECK(success(job) == night);
    CHECK(job.known.last_success->confidence == Confidence::exact);
    CHECK(job.known.last->outcome == "exit status 0");
    CHECK_FALSE(job.running);
    CHECK_FALSE(job.partly);
    CHECK(success(judge(with(good(), {{"RemainAfterExit", true},
                                      {"ActiveState", "active"},
                                      {"SubState", "exited"}}))) == night);
}

TEST_CASE("a failure is no success, however systemd calls it") {
    for (const json& unit : {
             ended(good(), 1, 1, "exit-code"),
             ended(good(), 2, 9, "signal"),
             ended(good(), 2, 15, "timeout"),
             ended(with(good(), {{"SuccessExitStatus", true}}), 1, 3),
             // A simple service that was stopped half-way.
             ended(with(good(), {{"Type", "simple"}}), 2, 15),
             // It starts anew after the failure.
             with(ended(good(), 1, 1, "exit-code"),
                  {{"ActiveState", "activating"}, {"SubState", "auto-restart"}}),
         }) {
        const JobState job = judge(unit, {}, remembered(night - 86400));
        CAPTURE(unit.dump());
        REQUIRE(job.known.last);
        CHECK_FALSE(job.known.last->succeeded);
        CHECK(job.known.last->time == night);
        CHECK(success(job) == night - 86400);
    }
    CHECK(judge(ended(good(), 1, 7, "exit-code")).known.last->outcome == "exit status 7");
    CHECK(judge(ended(good(), 2, 9, "signal")).known.last->outcome == "signal 9");
    CHECK(judge(ended(good(), 2, 15, "timeout")).known.last->outcome == "result timeout");
}

TEST_CASE("\"-\" before one of several commands hides its failure from systemd") {
    json unit = good();
    unit["ExecStart"] = json::array({step(night - 1, 1), step(night, 0)});
    unit["ExecStart"][0]["ignores_failure"] = true;
    const JobState job = judge(unit);
    CHECK_FALSE(success(job));
    CHECK(job.known.last->exit_status == 1);
}

TEST_CASE("a skipped unit is no run") {
    const json condition = {{"ConditionResult", false},
                            {"ConditionTimestamp", microseconds(night + 3600)}};
    for (const json& changes :
         {condition,
          json{{"AssertResult", false}, {"ConditionTimestamp", microseconds(night + 3600)}},
          json{{"Result", "exec-condition"}, {"ConditionTimestamp", microseconds(night + 3600)}}}) {
        const JobState job = judge(with(good(), changes));
        CHECK(success(job) == night);
        CHECK(job.known.skipped == night + 3600);
    }
    json never = with(forgotten(), condition);
    CHECK_FALSE(judge(never).known.last);
    CHECK(judge(never).known.skipped == night + 3600);
    // A failed run stays failed.
    CHECK_FALSE(judge(with(ended(good(), 1, 1, "exit-code"), condition)).known.last->succeeded);
    // The next run ends it, also in what is remembered.
    JobMemory before;
    before.skipped = night - 3600;
    CHECK_FALSE(judge(good(), {}, before).known.skipped);
    // The journal says "done", without a run.
    const JobState journal = judge(forgotten(), {done(night, "")});
    CHECK_FALSE(success(journal));
    CHECK(journal.known.skipped == night);
    CHECK_FALSE(
        judge(forgotten(), Messages{done(night - 100, "")} + good_run(night)).known.skipped);
}

TEST_CASE("a reboot and the unloading of a unit take nothing away that was seen") {
    CHECK_FALSE(judge(forgotten()).known.last);
    CHECK(success(judge(forgotten(), {}, remembered(night))) == night);
    const JobState failed = judge(forgotten(), {}, remembered(night, false));
    CHECK_FALSE(success(failed));
    CHECK_FALSE(failed.known.last->succeeded);
    CHECK(success(judge(forgotten(), good_run(night))) == night);
    CHECK(success(judge({{"LoadState", "not-found"}}, {}, remembered(night))) == night);
}

TEST_CASE("a running unit has not ended") {
    for (const char* state : {"activating", "deactivating", "reloading"}) {
        const JobState job = judge(with(good(), {{"ActiveState", state}, {"SubState", "start"}}),
                                   {}, remembered(night - 86400));
        CHECK(job.running);
        CHECK(job.running_since == night - 60);
        CHECK(success(job) == night - 86400);
    }
    CHECK(judge(with(good(), {{"ActiveState", "active"}, {"SubState", "running"}})).running);
}

TEST_CASE("the journal tells the runs of a oneshot") {
    const JobState job = judge(forgotten(), good_run(night - 86400, "j0") + failed_run(night, "1"));
    CHECK(success(job) == night - 86400);
    CHECK(job.known.last_success->confidence == Confidence::exact);
    CHECK(job.known.last->outcome == "exit status 1");
    // It was stopped; the job of its start was never done.
    const Messages stopped = {message(unit_message::starting, night),
                              message(unit_message::stopping, night + 1),
                              message(unit_message::deactivated, night + 2)};
    CHECK_FALSE(judge(forgotten(), stopped).known.last);
    CHECK_FALSE(judge(forgotten(), {message(unit_message::starting, night)}).known.last);
    CHECK_FALSE(judge(forgotten(), {message(unit_message::deactivated, night)}).known.last);
}

TEST_CASE("the journal logs the start of a simple service as done") {
    const json simple = forgotten(with(good(), {{"Type", "simple"}}));
    CHECK_FALSE(judge(simple, {done(night)}).known.last);
    const JobState ended =
        judge(simple, {done(night - 60), message(unit_message::deactivated, night)});
    CHECK(success(ended) == night);
    CHECK(ended.known.last_success->confidence == Confidence::inferred);
    const JobState stopped =
        judge(simple, {done(night - 60), message(unit_message::stopping, night - 1),
                       message(unit_message::deactivated, night)});
    CHECK_FALSE(stopped.known.last);
}

TEST_CASE("a unit that remains after its exit is done when its start is") {
    const json unit = forgotten(with(good(), {{"RemainAfterExit", true}}));
    CHECK(success(judge(unit, {message(unit_message::starting, night - 1), done(night)})) == night);
    // A skipped start may have the id of an earlier run.
    CHECK_FALSE(success(judge(unit, {done(night)})));
}

TEST_CASE("the journal proves nothing of a unit that hides failures") {
    const json hiding = forgotten(with(good(), {{"SuccessExitStatus", true}}));
    const JobState job = judge(hiding, good_run(night), remembered(night - 86400));
    CHECK(success(job) == night - 86400);
    CHECK(job.known.unproven == night);
    // What the properties told of the run counts.
    JobMemory before;
    before.last = JobRun{.invocation = "j1", .time = night, .exit_status = 3};
    CHECK_FALSE(judge(hiding, good_run(night), before).known.unproven);
    CHECK_FALSE(judge(good(), good_run(night - 1), {}).known.unproven);
}

TEST_CASE("the journal says a moment later what the properties tell of the same run") {
    json hiding = ended(good(), 1, 3);
    hiding["SuccessExitStatus"] = true;
    const JobState job =
        judge_job(parse_unit_properties(hiding), good_run(night + 0.001, "a1"), {}, {}, now);
    REQUIRE(job.known.last);
    CHECK(job.known.last->exit_status == 3);
    CHECK_FALSE(job.known.last->succeeded);
    CHECK(job.known.unproven == std::nullopt);
    CHECK(job.partly);
}

TEST_CASE("the journal is read only where it can tell more") {
    const UnitProperties unit = parse_unit_properties(good());
    CHECK_FALSE(needs_journal(unit, {}));
    CHECK(needs_journal(parse_unit_properties(forgotten()), {}));
    const UnitProperties failed = parse_unit_properties(ended(good(), 1, 1, "exit-code"));
    CHECK(needs_journal(failed, {}));
    CHECK_FALSE(needs_journal(failed, judge(ended(good(), 1, 1, "exit-code")).known));
}

TEST_CASE("what is remembered comes back as it was") {
    JobMemory memory = judge(ended(good(), 1, 3, "exit-code"), {}, remembered(night - 86400)).known;
    memory.skipped = night + 1;
    memory.unproven = night + 2;
    CHECK(parse_job_memory(to_json(memory), now) == memory);
    CHECK(parse_job_memory(to_json(memory), night - 7200) ==
          JobMemory{.last_success = memory.last_success});
    for (const char* damaged : {"3", "{}", R"({"last":3,"skipped":"x"})",
                                R"({"last":{"time":-1},"last_success":{"time":1}})"})
        CHECK(parse_job_memory(json::parse(damaged), now) == JobMemory{});
}

TEST_CASE("a start that failed before its main command does not end as the run before did") {
    // ExecStartPre= failed; the main process is still that of the last night.
    json unit = with(ended(good(), 1, 1, "exit-code"),
                     {{"ConditionTimestamp", microseconds(night + 3600)},
                      {"InactiveEnterTimestamp", microseconds(night + 3601)},
                      {"ExecStart", json::array()}});
    const JobState job = judge(unit, {}, {}, "borg", {1});
    CHECK_FALSE(success(job));
    REQUIRE(job.known.last);
    CHECK(job.known.last->time == night + 3601);
    CHECK(job.known.last->outcome == "result exit-code");
    CHECK_FALSE(job.known.last->exit_status);
    CHECK_FALSE(judge(unit, {}, {}, "borg").partly);
}

TEST_CASE("of a unit that is not loaded, or runs, the properties tell no ended run") {
    CHECK_FALSE(judge(with(good(), {{"LoadState", "masked"}})).known.last);
    const JobState running =
        judge(with(good(), {{"ActiveState", "activating"}, {"SubState", "start"}}));
    CHECK_FALSE(running.known.last);
    CHECK(running.running);
}

TEST_CASE("a run that is proven ends the doubt about those before it") {
    JobMemory before;
    before.unproven = night - 100;
    CHECK_FALSE(judge(good(), {}, before).known.unproven);
    before.unproven = night + 100;
    CHECK(judge(good(), {}, before).known.unproven == night + 100);
}

TEST_CASE("names of services") {
    for (const char* name : {"restic.service", "backup@home.service", "a-b_c:d\\x2d.service"})
        CHECK(is_service_name(name));
    for (const char* name : {"", ".service", "restic", "restic.timer", "backup@.service",
                             "../x.service", "a b.service", "@x.service"})
        CHECK_FALSE(is_service_name(name));
}

namespace {

struct Outcome {
    MemorySink sink;
    Result<BackupState> state = BackupState{};
    std::optional<double> value(const Metric& metric) const {
        for (const Observation& one : sink.observations)
            if (one.metric == &metric) return one.value;
        return std::nullopt;
    }
};

Outcome look(const Host& host, LookMemory& memory, const char* unit = "restic.service") {
    Config config;
    Outcome outcome;
    Context context{host, config, outcome.sink, "", "", true};
    Backup backup;
    backup.name = "it";
    backup.unit = unit;
    outcome.state = look_at_job(context, backup, memory);
    return outcome;
}

Outcome look(const test::RecordedHost& host) {
    LookMemory memory(host.host(), "", "it");
    return look(host.host(), memory);
}

}  // namespace

TEST_CASE("a recorded host answers for systemd") {
    test::RecordedHost host;
    host.file("/now", std::to_string(static_cast<long>(now)));
    CHECK_FALSE(look(host).state);
    CHECK(look(host).value(metric::backup_job_readable) == 0);
    host.file("/units/restic.service.json", "[");
    CHECK_FALSE(look(host).state);

    host.file("/units/restic.service.json", good().dump());
    Outcome outcome = look(host);
    REQUIRE(outcome.state);
    CHECK(proven_newest(*outcome.state) == night);
    CHECK(outcome.value(metric::backup_job_failed) == 0);
    CHECK(outcome.value(metric::backup_job_exit_status) == 0);
    CHECK_FALSE(outcome.value(metric::backup_job_timer_active));

    // A timer of a package that nobody enabled is no trigger.
    host.file("/units/restic.timer.json",
              R"({"LoadState":"loaded","ActiveState":"inactive","UnitFileState":"disabled"})");
    CHECK(look(host).value(metric::backup_job_timer_active) == 0);
    host.file("/units/restic.service.json",
              with(good(), {{"TriggeredBy", {"nightly.timer", "restic.path"}}}).dump());
    host.file("/units/nightly.timer.json", R"({"LoadState":"loaded","ActiveState":"active"})");
    CHECK(look(host).value(metric::backup_job_timer_active) == 1);
}

TEST_CASE("what is remembered of one unit proves nothing of another") {
    test::RecordedHost host;
    host.file("/now", std::to_string(static_cast<long>(now)));
    host.file("/units/restic.service.json", good().dump());
    host.file("/units/new.service.json", forgotten().dump());
    const Host clocked(host.root());  // reads the clock's file
    LookMemory memory(clocked, "", "it");
    look(clocked, memory);
    host.file("/units/restic.service.json", forgotten().dump());
    const Outcome same = look(clocked, memory);
    REQUIRE(same.state);
    CHECK(proven_newest(*same.state) == night);
    const Outcome other = look(clocked, memory, "new.service");
    REQUIRE(other.state);
    CHECK_FALSE(proven_newest(*other.state));
}

TEST_CASE("whether the last run failed is not told while a later one is in doubt") {
    test::RecordedHost host;
    host.file("/now", std::to_string(static_cast<long>(now)));
    host.file("/units/restic.service.json", forgotten().dump());
    const Host clocked(host.root());  // reads the clock's file
    LookMemory memory(clocked, "", "it");
    JobMemory known = remembered(night - 86400);
    json section = to_json(known);
    section["unit"] = "restic.service";
    memory.keep("systemd", section);
    CHECK(look(clocked, memory).value(metric::backup_job_failed) == 0);
    known.unproven = night;
    section = to_json(known);
    section["unit"] = "restic.service";
    memory.keep("systemd", section);
    const Outcome outcome = look(clocked, memory);
    CHECK_FALSE(outcome.value(metric::backup_job_failed));
    CHECK(outcome.value(metric::backup_job_end_timestamp_seconds) == night);
}
