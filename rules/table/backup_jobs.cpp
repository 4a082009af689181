// The jobs that make backups, as systemd knows them.
#include "core/metrics/backup_jobs.hpp"

#include "core/metrics/backups.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

// How its runs ended.
std::vector<Rule> run_rules() {
    const auto partly = is(metric::backup_job_partly, 1);
    return {
        Rule{
            .name = "backup_job_failed",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_job_failed, 1), unless(partly)},
            .summary = "Backup {subject}: the last run of {unit|its job} failed with {outcome}.",
            .advice = "Read its messages: journalctl -n 50 -u {unit}\n"
                      "Mend what they say.\n"
                      "Run it again: systemctl start {unit}",
            .also = {"outcome"},
            .also_of = Operand(metric::backup_job_outcome),
            .why =
                "A copy may be there all the same, without what the job could not do. A "
                "SuccessExitStatus= or a \"-\" before the command hides the failure from systemd.",
        },
        Rule{
            .name = "backup_job_partly",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {partly},
            .summary = "Backup {subject} lacks a part of its source, which could not be read.",
            .advice = "See which files: journalctl -n 50 -u {unit}\n"
                      "Let the job read them, or exclude them.\n"
                      "Run it again: systemctl start {unit}",
            .why = "restic ends with 3, borg with 1, rsync with 23 or 24. The repository shows no "
                   "trace of it: the copy looks whole.",
        },
        Rule{
            .name = "backup_job_skipped",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_job_skipped_timestamp_seconds, 0)},
            .summary = "Backup {subject}: {unit|its job} was due {value:duration} ago and was "
                       "skipped.",
            .advice = "See which condition is not met: systemctl status {unit}\n"
                      "Make it true (a configuration file, a mount, mains power), or remove it.\n"
                      "Run the job: systemctl start {unit}",
            .why = "A skipped unit reads as success in systemd, in its timer and in the journal.",
        },
    };
}

// Whether it can run at all, and whether that can be told.
std::vector<Rule> unit_rules() {
    const auto missing = at_least(Operand(metric::backup_job_unit_state, "load_state",
                                          {"not-found", "masked", "bad-setting", "error"}),
                                  1);
    return {
        Rule{
            .name = "backup_job_missing",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {missing},
            .summary =
                "Backup {subject}: systemd cannot run {unit|its job}: it is missing or masked.",
            .advice = "See what systemd says: systemctl status {unit}\n"
                      "See which units there are: systemctl list-unit-files\n"
                      "Correct the unit, or systemd of this [[backup]]; find it: {entry}",
            .why = "A job that was renamed, removed or masked makes no copies.",
        },
        Rule{
            .name = "backup_job_timer_off",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_job_timer_active, 0), unless(missing)},
            .summary = "Backup {subject}: {timer} is not active: nothing starts the job.",
            .advice = "See who stopped it: systemctl status {timer}\n"
                      "Start it, now and at each boot: systemctl enable --now {timer}\n"
                      "If something else starts the job: lastgood accept backup_job_timer_off "
                      "{id} --reason '...'",
            .also = {"timer"},
            .also_of = Operand(metric::backup_job_timer),
            .why = "A timer that is installed and not enabled looks like a job, and never runs.",
        },
        Rule{
            .name = "backup_job_unreadable",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_job_readable, 0)},
            .summary = "Backup {subject}: systemd does not tell how {unit|its job} ended.",
            .advice = "See what fails: lastgood status {id}\n"
                      "See whether systemd answers: systemctl status {unit}",
            .why = "A failed job is not seen then: unknown is not fine.",
        },
        Rule{
            .name = "backup_job_unproven",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_known_by_job_only, 1), is(metric::backup_job_readable, 1),
                       unless(present(metric::backup_newest_timestamp_seconds)), unless(missing),
                       unless(is(metric::backup_job_partly, 1)),
                       unless(is(metric::backup_job_failed, 1))},
            .summary = "Backup {subject}: no successful run of {unit|its job} is known.",
            .advice = "See its last runs: journalctl -n 50 -u {unit}\n"
                      "Run it: systemctl start {unit}",
            .why = "systemd forgets at a reboot, and the journal rotates. lastgood remembers the "
                   "runs that it has seen.",
        },
    };
}

}  // namespace

std::vector<Rule> backup_job_rules() {
    std::vector<Rule> rules = run_rules();
    for (Rule& rule : unit_rules()) rules.push_back(std::move(rule));
    return rules;
}

}  // namespace lastgood::table
