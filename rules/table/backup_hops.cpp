// Backups whose copies are copies of another backup's.
#include "core/backup_plan.hpp"
#include "core/metrics/backups.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> backup_hop_rules() {
    const auto unreadable = is(metric::backup_readable, 0);
    const Operand newest(metric::backup_newest_timestamp_seconds, "confidence",
                         {"exact", "inferred"});
    return {
        Rule{
            .name = "backup_behind",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {above_other(metric::backup_lag_seconds, metric::backup_max_lag_seconds),
                       unless(unreadable), unless(at_least(metric::backup_streams, 1)),
                       unless(at_least(metric::backup_copies_gone, 1)),
                       unless(older_than_other(newest, metric::backup_max_age_seconds, long_late)),
                       unless(before_other(newest, metric::backup_long_due_timestamp_seconds,
                                           2 * slot_slack))},
            .summary = "Backup {subject} is {value:duration} behind its original {original|}.",
            .advice = "See when the job that copies it ran last: systemctl list-timers --all\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Run it by hand, and compare: lastgood status {id}",
            .also = {"original"},
            .also_of = metric::backup_copy_of,
            .why = "The newest content of the copy counts, not when it was copied: a job that "
                   "runs each night may copy an old state. By default a copy may be as far behind "
                   "as the time between two copies of its original. A copy that "
                   "has failed for days is told as that alone.",
        },
        Rule{
            .name = "backup_lacks_streams",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_missing_streams, 1), unless(unreadable)},
            .summary = "Backup {subject} lacks {value:stream|streams} of its original {original|}.",
            .advice = "Compare what is in both places: lastgood status\n"
                      "See what the job that copies it leaves out, and correct it.\n"
                      "Run it by hand.",
            .also = {"original"},
            .also_of = metric::backup_copy_of,
            .why = "What the copy never had is not late there, and would be missed only when the "
                   "original is lost.",
        },
    };
}

}  // namespace lastgood::table
