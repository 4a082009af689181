// The unit of systemd that makes the copies of a backup.
#include <fmt/core.h>

#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backups.hpp"
#include "core/utf8.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

std::string last_run(Description& backup) {
    const auto ended = backup.take(metric::backup_job_end_timestamp_seconds);
    const auto failed = backup.take(metric::backup_job_failed);
    const std::string outcome = backup.take_label(metric::backup_job_outcome, "outcome");
    const bool partly = backup.take(metric::backup_job_partly) == 1;
    const auto exit_status = backup.take(metric::backup_job_exit_status);
    if (!ended) return "no run of it is known";
    const std::string when = backup.ago(*ended);
    if (!failed) return fmt::format("ended {}, how is not known", when);
    if (*failed == 0)
        return fmt::format("succeeded {}{}", when,
                           exit_status.value_or(0) == 0 ? "" : " with " + outcome);
    return fmt::format("FAILED {} with {}{}", when, outcome,
                       partly ? ": a part of the source could not be read" : "");
}

}  // namespace

std::string proof_by_job(std::string_view confidence) {
    if (confidence == "exact") return "exact: the job's run ended with exit status 0";
    if (confidence == "inferred") return "inferred: the journal tells no failure of the job's run";
    return "activity only: a run of the job ended, its exit status is not known";
}

void describe_job(Description& backup) {
    const std::string unit = backup.take_label(metric::backup_info, "unit");
    if (unit.empty()) return;
    backup.take(metric::backup_known_by_job_only);  // the kind says so
    const auto readable = backup.take(metric::backup_job_readable);
    const std::string state = backup.take_label(metric::backup_job_unit_state, "load_state");
    const auto success = backup.take(metric::backup_job_success_timestamp_seconds);
    const auto running = backup.take(metric::backup_job_running);
    const auto started = backup.take(metric::backup_job_started_timestamp_seconds);
    const auto skipped = backup.take(metric::backup_job_skipped_timestamp_seconds);
    const auto timer = backup.take(metric::backup_job_timer_active);
    const std::string timer_name = backup.take_label(metric::backup_job_timer, "timer");
    if (readable == 0) return backup.row("job", unit + ", systemd could NOT BE ASKED");
    if (!readable) return backup.row("job", unit);
    backup.row(
        "job",
        sentence_of({unit, state == "loaded" ? "" : "systemd has it as " + state, last_run(backup),
                     success ? "last success " + backup.ago(*success) : "no success is known",
                     skipped
                         ? fmt::format("SKIPPED {}: a condition was not met", backup.ago(*skipped))
                         : "",
                     running == 1 ? std::string("running") : "",
                     started ? "started " + backup.ago(*started) : ""}));
    backup.row(
        "timer",
        timer ? fmt::format("{} is {}", timer_name, *timer == 1 ? "active" : "NOT ACTIVE") : "");
}

}  // namespace lastgood
