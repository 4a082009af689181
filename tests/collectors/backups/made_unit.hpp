// Units of systemd and their messages, for tests of their jobs.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/job.hpp"

namespace lastgood::test {

using nlohmann::json;

inline constexpr Timestamp now = 1'800'000'000;
inline constexpr Timestamp night = now - 6 * 3600;

inline double microseconds(Timestamp time) {
    return time * 1e6;
}

inline json step(Timestamp end, int status, int code = 1, const char* tool = "") {
    return {{"start", microseconds(end - 60)},
            {"end", microseconds(end)},
            {"code", code},
            {"status", status},
            {"tool", tool},
            {"ignores_failure", false}};
}

// A oneshot that ended with exit status 0 at `night`, as systemd has it.
inline json good() {
    return {{"LoadState", "loaded"},
            {"ActiveState", "inactive"},
            {"SubState", "dead"},
            {"UnitFileState", "static"},
            {"Type", "oneshot"},
            {"Result", "success"},
            {"RemainAfterExit", false},
            {"InvocationID", "a1"},
            {"ConditionResult", true},
            {"ConditionTimestamp", microseconds(night - 61)},
            {"ExecMainStartTimestamp", microseconds(night - 60)},
            {"ExecMainExitTimestamp", microseconds(night)},
            {"ExecMainCode", 1},
            {"ExecMainStatus", 0},
            {"InactiveEnterTimestamp", microseconds(night)},
            {"SuccessExitStatus", false},
            {"ExecStart", json::array({step(night, 0, 1, "restic")})}};
}

inline json with(json unit, const json& changes) {
    unit.update(changes);
    return unit;
}

inline json ended(json unit, int code, int status, const char* result = "success") {
    unit["ExecMainCode"] = code;
    unit["ExecMainStatus"] = status;
    unit["Result"] = result;
    unit["ExecStart"] = json::array({step(night, status, code, "restic")});
    if (std::string_view(result) != "success") unit["ActiveState"] = unit["SubState"] = "failed";
    return unit;
}

// What systemd knows of it after a reboot, or once it has unloaded it.
inline json forgotten(json unit = good()) {
    for (const char* time : {"ConditionTimestamp", "ExecMainStartTimestamp",
                             "ExecMainExitTimestamp", "InactiveEnterTimestamp"})
        unit[time] = 0;
    unit["InvocationID"] = "";
    unit["ExecMainCode"] = unit["ExecMainStatus"] = 0;
    unit["ExecStart"] = json::array({step(60, 0, 0)});
    unit["ExecStart"][0]["start"] = unit["ExecStart"][0]["end"] = 0;
    return unit;
}

inline UnitMessage message(std::string_view id, Timestamp time, const char* invocation = "j1") {
    return {.id = std::string(id), .invocation = invocation, .time = time};
}

inline UnitMessage done(Timestamp time, const char* invocation = "j1") {
    UnitMessage one = message(unit_message::job_done, time, invocation);
    one.job_type = "start";
    one.job_result = "done";
    return one;
}

using Messages = std::vector<UnitMessage>;

inline Messages good_run(Timestamp end, const char* invocation = "j1") {
    return {message(unit_message::starting, end - 60, invocation),
            message(unit_message::deactivated, end, invocation), done(end, invocation)};
}

inline Messages failed_run(Timestamp end, const char* status, const char* invocation = "j2") {
    UnitMessage process = message(unit_message::process_exited, end, invocation);
    process.exit_code = "exited";
    process.exit_status = status;
    UnitMessage failed = message(unit_message::failed, end, invocation);
    failed.unit_result = "exit-code";
    return {message(unit_message::starting, end - 60, invocation), process, failed,
            message(unit_message::start_failed, end, invocation)};
}

inline Messages operator+(Messages one, const Messages& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

inline JobState judge(const json& unit, const Messages& messages = {}, const JobMemory& before = {},
                      std::string_view tool = "", std::vector<int> more = {}) {
    return judge_job(parse_unit_properties(unit), messages, before, {tool, more}, now);
}

inline std::optional<Timestamp> success(const JobState& job) {
    return job.known.last_success ? std::optional(job.known.last_success->time) : std::nullopt;
}

inline JobMemory remembered(Timestamp time, bool succeeded = true) {
    JobMemory memory;
    memory.last = JobRun{.invocation = "m1", .time = time, .succeeded = succeeded};
    if (succeeded) memory.last_success = memory.last;
    return memory;
}

}  // namespace lastgood::test
