// The job of a backup, a unit of systemd: its last runs, as observations and as a backup of its
// own.
#include "collectors/backups/systemd.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "collectors/backups/job.hpp"
#include "collectors/backups/unit.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr std::string_view service_suffix = ".service";

// A timer of a package that nobody enabled is not loaded, so systemd names it no trigger.
std::vector<std::string> timers_of(const Backup& backup, const UnitProperties& unit) {
    std::vector<std::string> timers;
    for (const std::string& trigger : unit.triggers)
        if (trigger.ends_with(".timer")) timers.push_back(trigger);
    const std::string own =
        backup.unit.substr(0, backup.unit.size() - service_suffix.size()) + ".timer";
    if (std::ranges::find(timers, own) == timers.end()) timers.push_back(own);
    return timers;
}

void observe_timer(Sink& sink, const Backup& backup, const std::string& name, bool active,
                   Timestamp now) {
    sink.observe(metric::backup_job_timer, backup.name, 1, now, {{"timer", harmless(name)}});
    sink.observe(metric::backup_job_timer_active, backup.name, active ? 1 : 0, now);
}

// One active timer is enough.
void observe_timers(Context& context, const Backup& backup, const UnitProperties& unit,
                    Timestamp now) {
    std::string inactive;
    for (const std::string& name : timers_of(backup, unit)) {
        const auto timer = read_unit(context.host, name);
        if (!timer || (timer->load_state != "loaded" && timer->load_state != "masked")) continue;
        if (timer->active_state == "active")
            return observe_timer(context.sink, backup, name, true, now);
        if (inactive.empty()) inactive = name;
    }
    if (!inactive.empty()) observe_timer(context.sink, backup, inactive, false, now);
}

void observe_runs(Sink& sink, const Backup& backup, const JobState& job, Timestamp now) {
    const JobMemory& known = job.known;
    const auto observe = [&](const Metric& metric, const auto& value) {
        if (value) sink.observe(metric, backup.name, static_cast<double>(*value), now);
    };
    if (known.last_success)
        sink.observe(metric::backup_job_success_timestamp_seconds, backup.name,
                     known.last_success->time, now);
    observe(metric::backup_job_skipped_timestamp_seconds, known.skipped);
    sink.observe(metric::backup_job_running, backup.name, job.running ? 1 : 0, now);
    if (job.running && job.running_since > 0)
        sink.observe(metric::backup_job_started_timestamp_seconds, backup.name, job.running_since,
                     now);
    if (known.unproven) {
        // How the last run ended is not known, and the one before it says nothing of now.
        observe(metric::backup_job_end_timestamp_seconds, known.unproven);
    } else if (known.last) {
        sink.observe(metric::backup_job_end_timestamp_seconds, backup.name, known.last->time, now);
        sink.observe(metric::backup_job_failed, backup.name, known.last->succeeded ? 0 : 1, now);
        sink.observe(metric::backup_job_outcome, backup.name, 1, now,
                     {{"outcome", harmless(known.last->outcome)}});
        observe(metric::backup_job_exit_status, known.last->exit_status);
        sink.observe(metric::backup_job_partly, backup.name, job.partly ? 1 : 0, now);
    }
}

// What is remembered of another unit is not this one's.
JobMemory recall(const LookMemory& memory, const Backup& backup, Timestamp now) {
    const auto& section = memory.section("systemd");
    return text_in(section, "unit") == backup.unit ? parse_job_memory(section, now) : JobMemory{};
}

void keep(LookMemory& memory, const Backup& backup, const JobMemory& known) {
    nlohmann::json section = to_json(known);
    section["unit"] = backup.unit;
    memory.keep("systemd", std::move(section));
}

BackupState state_of(const JobState& job) {
    BackupState state;
    const JobMemory& known = job.known;
    if (known.last_success)
        state.newest.push_back({known.last_success->time, known.last_success->confidence});
    if (known.unproven) {
        state.newest.push_back({*known.unproven, Confidence::activity});
        state.perhaps = known.unproven;
    }
    state.in_progress = job.running;
    return state;
}

}  // namespace

Result<BackupState> look_at_job(Context& context, const Backup& backup, LookMemory& memory) {
    const Timestamp now = context.host.now();
    const auto unit = read_unit(context.host, backup.unit);
    context.sink.observe(metric::backup_job_readable, backup.name, unit ? 1 : 0, now);
    if (!unit) return Failure(unit.error());
    context.sink.observe(metric::backup_job_unit_state, backup.name, 1, now,
                         {{"load_state", harmless(unit->load_state)}});
    const JobMemory before = recall(memory, backup, now);
    std::vector<UnitMessage> messages;
    std::optional<Error> problem;
    const JobWords words{to_string(backup.kind), backup.success_exit_status};
    if (needs_journal(*unit, before, words.success_exit_status)) {
        auto read = read_unit_messages(context.host, context.config.journal_directory, backup.unit,
                                       before.last ? before.last->invocation : "");
        if (read)
            messages = std::move(*read);
        else
            problem = read.error();
    }
    const JobState job = judge_job(*unit, messages, before, words, now);
    keep(memory, backup, job.known);
    observe_runs(context.sink, backup, job, now);
    observe_timers(context, backup, *unit, now);
    BackupState state = state_of(job);
    if (problem) state.problems.push_back(*problem);
    if (memory.problem()) state.problems.push_back(*memory.problem());
    return state;
}

}  // namespace lastgood
