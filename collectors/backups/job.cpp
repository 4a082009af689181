#include "collectors/backups/job.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "collectors/backups/look_memory.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr int largest_status = 255;
constexpr Seconds most_ahead = 3600;  // a remembered run further ahead than this is a wrong clock

bool waits_for_restart(const UnitProperties& unit) {
    return unit.sub_state.starts_with("auto-restart");
}

bool is_running(const UnitProperties& unit) {
    if (waits_for_restart(unit)) return false;
    if (unit.active_state == "active") return unit.sub_state != "exited";
    return unit.active_state == "activating" || unit.active_state == "deactivating" ||
           unit.active_state == "reloading";
}

std::string outcome_of(bool exited, int status) {
    return fmt::format("{} {}", exited ? "exit status" : "signal", status);
}

void set_end(JobRun& run, bool exited, int status) {
    run.outcome = outcome_of(exited, status);
    if (exited && status >= 0 && status <= largest_status) run.exit_status = status;
}

// Whether the last start was skipped, as a condition or an assertion was not met. Such a unit reads
// as success, and nothing of the run before it changes.
bool was_skipped(const UnitProperties& unit) {
    if (unit.tried <= 0) return false;
    return !unit.conditions_met || unit.result == "exec-condition";
}

// Its main process belongs to an earlier start if the last one ended before it.
bool main_ran(const UnitProperties& unit) {
    return unit.end > 0 && (unit.start >= unit.tried || was_skipped(unit));
}

using Statuses = std::span<const int>;

bool is_success(bool exited, int status, Statuses more) {
    return exited && (status == 0 || std::ranges::find(more, status) != more.end());
}

// Another command than those of ExecStart= that failed in the last run; nullptr: none is known.
// Only of its main process a unit takes another status than 0 for success (systemd.service(5)).
const UnitStep* other_failure(const UnitProperties& unit) {
    const auto failed = std::ranges::find_if(unit.others, [&](const UnitStep& step) {
        return step.end > 0 && step.start >= unit.tried && !step.ignores_failure &&
               !is_success(step.exited, step.status, {});
    });
    return failed != unit.others.end() ? &*failed : nullptr;
}

JobRun failed_run(const UnitProperties& unit, Statuses more) {
    JobRun run{.invocation = unit.invocation, .time = std::max(unit.end, unit.inactive_since)};
    run.outcome = "result " + unit.result;
    const bool by_process =
        unit.result == "exit-code" || unit.result == "signal" || unit.result == "core-dump";
    const UnitStep* other = other_failure(unit);
    if (by_process && main_ran(unit) &&
        !is_success(unit.exited, unit.status, other != nullptr ? more : Statuses()))
        set_end(run, unit.exited, unit.status);
    else if (by_process && other != nullptr)
        run.outcome =
            fmt::format("{} of {}=", outcome_of(other->exited, other->status), other->setting);
    return run;
}

// Whether a unit that systemd calls failed ended with a status that counts as success here, after
// the last of its commands. With status 0 it was another one that failed, such as ExecStartPost=
// (systemd: src/core/service.c); with a status that SuccessExitStatus= names, too, which only that
// command tells.
bool ended_well_after_all(const UnitProperties& unit, Statuses more) {
    return unit.result == "exit-code" && main_ran(unit) && !was_skipped(unit) && unit.status != 0 &&
           is_success(unit.exited, unit.status, more) && other_failure(unit) == nullptr &&
           std::ranges::all_of(unit.steps,
                               [&](const UnitStep& step) { return step.start >= unit.tried; });
}

// Its last run, if systemd still knows it: after a reboot, and when systemd has unloaded the unit,
// one whose last run failed reads as success too, and all its times are 0.
std::optional<JobRun> run_in_properties(const UnitProperties& unit, Statuses more) {
    if (unit.load_state != "loaded" || is_running(unit)) return std::nullopt;
    if (!unit.result.empty() && unit.result != "success" && unit.result != "exec-condition" &&
        !ended_well_after_all(unit, more)) {
        JobRun run = failed_run(unit, more);
        return run.time > 0 ? std::optional(std::move(run)) : std::nullopt;
    }
    if (!main_ran(unit)) return std::nullopt;
    // A simple service that is stopped half-way reads as success, and so does one that ends with a
    // status of SuccessExitStatus= or after "-".
    JobRun run{.invocation = unit.invocation, .time = unit.end};
    set_end(run, unit.exited, unit.status);
    run.succeeded = is_success(unit.exited, unit.status, more);
    for (const UnitStep& step : unit.steps) {
        if (!run.succeeded) break;
        if (step.start <= 0 || is_success(step.exited, step.status, more)) continue;
        run.succeeded = false;
        set_end(run, step.exited, step.status);
    }
    return run;
}

// What the messages say of one run.
struct Told {
    bool started = false, stopping = false, failed = false;
    Timestamp deactivated = 0;
    Timestamp done = 0;        // the start job, the first time
    Timestamp done_after = 0;  // the start job after the end of the unit
    Timestamp end = 0;         // the failure
    std::string result, exit_code, exit_status;
};

void note(Told& run, const UnitMessage& message) {
    using namespace unit_message;
    if (message.id == starting) {
        run.started = true;
    } else if (message.id == stopping) {
        run.stopping = run.stopping || run.deactivated == 0;
    } else if (message.id == deactivated) {
        run.deactivated = message.time;
    } else if (message.id == failed || message.id == start_failed) {
        run.failed = true;
        run.end = message.time;
        if (!message.unit_result.empty()) run.result = message.unit_result;
    } else if (message.id == process_exited) {
        run.exit_code = message.exit_code;
        run.exit_status = message.exit_status;
    } else if (message.id == job_done && message.job_type == "start" &&
               message.job_result == "done") {
        if (run.done == 0) run.done = message.time;
        if (run.deactivated > 0) run.done_after = message.time;
    }
}

std::string outcome_of(const Told& told, std::optional<int>& exit_status) {
    int status = 0;
    const char* const end = told.exit_status.data() + told.exit_status.size();
    const auto [rest, error] = std::from_chars(told.exit_status.data(), end, status);
    const bool is_number =
        error == std::errc() && rest == end && status >= 0 && status <= largest_status;
    if (told.exit_code == "exited" && is_number) {
        exit_status = status;
        return outcome_of(true, status);
    }
    if (told.exit_code == "killed" && is_number) return outcome_of(false, status);
    return "result " + (told.result.empty() ? "failed" : told.result);
}

// When the run succeeded; nullopt: it did not, or its messages do not prove it.
std::optional<Timestamp> success_of(const Told& told, const UnitProperties& unit) {
    if (told.failed) return std::nullopt;
    // Such a unit stays active. The job of a skipped start is done, too: its run has no beginning.
    if (unit.remains)
        return unit.type == "oneshot" && told.started && told.done > 0 ? std::optional(told.done)
                                                                       : std::nullopt;
    // The job of a simple service is done at its start: only its end counts. One that is stopped
    // half-way is deactivated, too.
    if (told.deactivated == 0 || told.stopping) return std::nullopt;
    if (unit.type == "oneshot" && told.done_after == 0) return std::nullopt;
    return told.deactivated;
}

// A killed process of a simple service is "deactivated" as one that has ended well; the statuses
// that a unit takes for success are not logged.
Confidence confidence_of_journal(const UnitProperties& unit) {
    if (unit.load_state != "loaded" || unit.hides_failures) return Confidence::activity;
    return unit.type == "oneshot" ? Confidence::exact : Confidence::inferred;
}

void note_success(JobMemory& known, const JobRun& run) {
    if (run.succeeded && (!known.last_success || run.time > known.last_success->time))
        known.last_success = run;
}

// The properties have the last word on a run, which the journal knows less well.
bool is_known(const JobMemory& known, const JobRun& run) {
    return (known.last && known.last->invocation == run.invocation) ||
           (known.last_success && known.last_success->invocation == run.invocation);
}

void add_from_journal(JobMemory& known, const JobRun& run) {
    if (is_known(known, run)) return;
    if (run.succeeded && run.confidence == Confidence::activity) {
        known.unproven = std::max(known.unproven.value_or(0), run.time);
        return;
    }
    if (!known.last || run.time > known.last->time) known.last = run;
    note_success(known, run);
}

std::optional<Timestamp> skip_in_journal(const std::vector<UnitMessage>& messages) {
    std::optional<Timestamp> skipped;
    for (const UnitMessage& one : messages)
        if (one.id == unit_message::job_done && one.invocation.empty() && one.job_type == "start" &&
            one.job_result == "done")
            skipped = std::max(skipped.value_or(0), one.time);
    return skipped;
}

// `newer`: the last run that was not skipped.
void note_skip(JobMemory& known, const UnitProperties& unit,
               const std::vector<UnitMessage>& messages, Timestamp newer) {
    if (was_skipped(unit)) known.skipped = unit.tried;
    if (const auto skipped = skip_in_journal(messages);
        skipped && *skipped > std::max(known.skipped.value_or(0), unit.tried))
        known.skipped = skipped;
    if (known.skipped && *known.skipped <= newer) known.skipped.reset();
}

std::string tool_of(const UnitProperties& unit, std::string_view beside) {
    for (const UnitStep& step : unit.steps)
        if (!step.tool.empty()) return step.tool;
    return std::string(beside);
}

}  // namespace

std::vector<JobRun> runs_in_journal(const std::vector<UnitMessage>& messages,
                                    const UnitProperties& unit, Statuses more) {
    std::map<std::string_view, Told> told;
    for (const UnitMessage& one : messages)
        if (!one.invocation.empty()) note(told[one.invocation], one);
    std::vector<JobRun> runs;
    for (const auto& [invocation, one] : told) {
        JobRun run{.invocation = std::string(invocation)};
        if (const auto time = success_of(one, unit)) {
            run.time = *time;
            run.succeeded = true;
            run.confidence = confidence_of_journal(unit);
            run.outcome = "success";
        } else if (one.failed) {
            run.time = one.end;
            run.outcome = outcome_of(one, run.exit_status);
            // Which of its commands that was, the journal does not tell.
            if (run.exit_status && is_success(true, *run.exit_status, more)) {
                run.succeeded = true;
                run.confidence = Confidence::activity;
            }
        } else {
            continue;
        }
        runs.push_back(std::move(run));
    }
    std::ranges::sort(runs, {}, &JobRun::time);
    return runs;
}

bool needs_journal(const UnitProperties& unit, const JobMemory& before, Statuses more) {
    const auto run = run_in_properties(unit, more);
    if (!run) return true;
    return !run->succeeded && !(before.last && before.last->invocation == run->invocation);
}

JobState judge_job(const UnitProperties& unit, const std::vector<UnitMessage>& messages,
                   const JobMemory& before, const JobWords& words, Timestamp now) {
    JobState state{.known = before, .running = is_running(unit), .load_state = unit.load_state};
    JobMemory& known = state.known;
    // First: the journal says later that the same run has ended.
    if (const auto run = run_in_properties(unit, words.success_exit_status)) {
        known.last = *run;
        note_success(known, *run);
    }
    for (const JobRun& run : runs_in_journal(messages, unit, words.success_exit_status))
        if (run.time <= now + most_ahead) add_from_journal(known, run);
    if (state.running) state.running_since = std::max(unit.start, unit.tried);
    const Timestamp last = known.last ? known.last->time : 0;
    if (known.unproven && *known.unproven <= last) known.unproven.reset();
    note_skip(known, unit, messages,
              std::max({last, state.running_since, known.unproven.value_or(0)}));
    state.partly = known.last && !known.last->succeeded && known.last->exit_status &&
                   means_partly(tool_of(unit, words.tool), *known.last->exit_status);
    return state;
}

namespace {

json to_json(const std::optional<JobRun>& run) {
    if (!run) return nullptr;
    json text{{"invocation", run->invocation},
              {"time", run->time},
              {"succeeded", run->succeeded},
              {"outcome", run->outcome},
              {"confidence", std::string(to_string(run->confidence))}};
    if (run->exit_status) text["exit_status"] = *run->exit_status;
    return text;
}

std::optional<JobRun> parse_run(const json& section, const char* key, Timestamp now) {
    const auto found = section.find(key);
    if (found == section.end() || !found->is_object()) return std::nullopt;
    const auto time = number_in(*found, "time");
    if (!time || *time <= 0 || *time > now + most_ahead) return std::nullopt;
    JobRun run{.invocation = text_in(*found, "invocation"),
               .time = *time,
               .succeeded = flag_in(*found, "succeeded"),
               .outcome = text_in(*found, "outcome"),
               .confidence = Confidence::activity};
    for (const Confidence one : {Confidence::exact, Confidence::inferred})
        if (text_in(*found, "confidence") == to_string(one)) run.confidence = one;
    if (const auto status = number_in(*found, "exit_status");
        status && *status >= 0 && *status <= largest_status)
        run.exit_status = static_cast<int>(*status);
    return run;
}

}  // namespace

json to_json(const JobMemory& memory) {
    json section = json::object();
    if (memory.last) section["last"] = to_json(memory.last);
    if (memory.last_success) section["last_success"] = to_json(memory.last_success);
    if (memory.skipped) section["skipped"] = *memory.skipped;
    if (memory.unproven) section["unproven"] = *memory.unproven;
    return section;
}

JobMemory parse_job_memory(const json& section, Timestamp now) {
    JobMemory memory{.last = parse_run(section, "last", now),
                     .last_success = parse_run(section, "last_success", now),
                     .skipped = number_in(section, "skipped"),
                     .unproven = number_in(section, "unproven")};
    if (memory.last_success && !memory.last_success->succeeded) memory.last_success.reset();
    for (auto* time : {&memory.skipped, &memory.unproven})
        if (*time && (**time <= 0 || **time > now + most_ahead)) time->reset();
    return memory;
}

}  // namespace lastgood
