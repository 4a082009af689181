#include "core/metrics/backups.hpp"

#include "core/backup_plan.hpp"
#include "core/metrics/backup_faults.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backup_streams.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

// The copies of the last days are there, and none of them is whole.
constexpr std::string_view broken_for_days =
    "Stop the rotation that would delete the last complete copy.\n"
    "See what is wrong with the newer ones: lastgood status {id}\n"
    "See whether there is room: df -h {directory}\n"
    "Mend the job and run it tonight; its log: journalctl -n 50 -u {unit}";

}  // namespace

std::vector<Rule> backup_rules() {
    // Activity proves only that files changed, not that a backup exists: it never makes one fresh.
    const Operand newest(metric::backup_newest_timestamp_seconds, "confidence",
                         {"exact", "inferred"});
    const Operand& any_newest = metric::backup_newest_timestamp_seconds;
    const Operand& max_age = metric::backup_max_age_seconds;
    const auto unreadable = is(metric::backup_readable, 0);
    const auto reported_by_others = is(metric::backup_reported_by_others, 1);
    // Each of its streams has findings of its own.
    const auto has_streams = at_least(metric::backup_streams, 1);
    // The copies of its copies do not say it again.
    const auto original_is_late = is(metric::backup_original_late, 1);
    const auto gone = at_least(metric::backup_copies_gone, 1);
    const auto behind = above_other(metric::backup_lag_seconds, metric::backup_max_lag_seconds);
    // One cause, one finding: what is not whole is told as that, and by the whole what several of
    // its streams have.
    const auto incomplete = is(metric::backup_incomplete, 1);
    const auto rotated_away = at_least(metric::backup_whole_copies_lost, 1);
    const auto late_together = is(metric::backup_late_with_others, 1);
    const auto far_too_old = older_than_other(newest, max_age, long_late);
    const auto long_overdue =
        before_other(newest, metric::backup_long_due_timestamp_seconds, 2 * slot_slack);
    // What is not known of a unit's runs proves nothing (backup_job_unproven).
    const auto is_unit = is(metric::backup_known_by_job_only, 1);
    return {
        Rule{
            .name = "backup_never_made",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_readable, 1), unless(present(any_newest)),
                       unless(reported_by_others), unless(is(metric::backup_incomplete, 1)),
                       unless(has_streams), unless(is_unit),
                       unless(present(metric::backup_arrived_timestamp_seconds)),
                       unless(is(metric::backup_stamp_missing, 1)), unless(gone),
                       unless(at_least(metric::backup_other_files, 1))},
            .summary =
                "Backup {subject} has no finished copy at {location|its place}: any loss is total.",
            .advice = "Run the backup job now and read its messages.\n"
                      "See what lastgood finds: lastgood status {id}\n"
                      "If the job writes elsewhere, correct the place; find it: {entry}\n"
                      "Check it: lastgood config check",
            .why = "The place is there and empty, and no copy was ever seen in it: any loss is "
                   "total.",
        },
        Rule{
            .name = "backup_gone",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {gone, unless(unreadable), unless(is(metric::backup_told_by_whole, 1)),
                       unless(far_too_old), unless(long_overdue)},
            .summary =
                "Backup {subject} has lost all copies: {value:copy was|copies were} there before.",
            .advice = "See whether its place is mounted: findmnt -T {directory}\n"
                      "See what is there: ls -la {directory}\n"
                      "If somebody deleted them, find out who, and run the job now.",
            .why = "They were there at an earlier look, on the filesystem that is mounted now. The "
                   "time of the newest one stays, and grows old. On another filesystem than then, "
                   "whether they are gone cannot be told: backup_unreadable.",
        },
        Rule{
            .name = "backup_no_match",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_other_files, 1), unless(unreadable),
                       unless(present(any_newest)), unless(has_streams)},
            .summary = "Backup {subject}: nothing matches {location|its place}; {value:other "
                       "name is|other names are} there.",
            .advice = "See what is there: ls -la {directory}\n"
                      "If the copies are there, correct their place; find it: {entry}\n"
                      "Apply it: {reload}\n"
                      "If there are none yet, run the backup job and read its messages.",
            .why = "A copy was never seen there, but the place is not empty: perhaps the pattern "
                   "is wrong, perhaps the job has not run. A pattern knows * ? [ ] and **, but no "
                   "braces. Only an empty place proves that there is no copy: backup_never_made.",
        },
        Rule{
            .name = "backup_stamp_missing",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_stamp_missing, 1), unless(unreadable),
                       unless(older_than_other(newest, max_age)),
                       unless(
                           before_other(newest, metric::backup_due_timestamp_seconds, slot_slack))},
            .summary = "Backup {subject}: its job has not touched {location|its stamp} yet.",
            .advice = "Let the last step of the job be: touch {location}\n"
                      "Run the job and read its messages.\n"
                      "If it touches another file, correct stamp; find it: {entry}\n"
                      "Apply it: {reload}",
            .why = "A stamp says when the job last succeeded, not whether there are copies: "
                   "without it nothing is known of them.",
        },
        Rule{
            .name = "backup_not_reported",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {reported_by_others, unless(present(any_newest))},
            .hold = 10 * minute,
            .summary =
                "Nothing tells whether backup {subject} has a copy: no collector reports it.",
            .advice =
                "See whether its inbox file is there: ls -l {state}/inbox\n"
                "Run the program that should report it, and read its messages.\n"
                "If no program should, set its place, such as files or restic; find it: {entry}\n"
                "See that its name and the reported one are the same: lastgood status {id}",
            .why = "A program that fails and a file that is missing say nothing of the copies. One "
                   "that starts every few minutes has its time first.",
        },
        Rule{
            .name = "backup_report_gone",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_reported_timestamp_seconds, 0), reported_by_others,
                       unreadable},
            .hold = 10 * minute,
            .summary = "Nothing reports backup {subject} now: its last known copy is "
                       "{value:duration} old.",
            .advice = "See whether its inbox file is there: ls -l {state}/inbox\n"
                      "Run the program that should report it, and read its messages.\n"
                      "See what was known last: lastgood status {id}",
            .why = "A program that fails and a file that went away say nothing of the copies: they "
                   "may be fresh or gone. What was known last keeps its age.",
        },
        Rule{
            .name = "backup_unproven",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {present(metric::backup_info), present(any_newest), unless(present(newest)),
                       unless(unreadable), unless(has_streams)},
            .summary = "Backup {subject} is unproven: {location|its place} changes, but shows no "
                       "finished backup.",
            .advice = "{command:prove}\n"
                      "Or let its unit or a stamp prove it, as a [[backup]] of its own.\n"
                      "Find this one: {entry}\n"
                      "Check it: lastgood config check",
            .why = "Deleting, compacting and renaming change a repository too. An alert that "
                   "believed such changes stayed silent with a newest archive six months old.",
        },
        Rule{
            .name = "backup_too_old",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(newest, max_age), unless(far_too_old), unless(unreadable),
                       unless(has_streams), unless(original_is_late), unless(behind), unless(gone),
                       unless(incomplete), unless(late_together)},
            .summary = "Backup {subject} is too old: its newest copy is {value:duration} old.",
            .advice = "See when the job ran last: systemctl list-timers --all\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Run it by hand; do no risky work before there is a fresh copy.",
            .why = "The newest copy is older than its max_age. Only times that a finished backup "
                   "leaves behind count.",
        },
        Rule{
            .name = "backup_far_too_old",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {far_too_old, unless(unreadable), unless(has_streams),
                       unless(original_is_late), unless(rotated_away), unless(late_together)},
            .summary =
                "Backup {subject} has failed for days: its newest copy is {value:duration} old.",
            .advice = "Run the job by hand tonight, or copy the data to another machine.\n"
                      "See when the job ran last: systemctl list-timers --all\n"
                      "See whether there is room: df -h {directory}\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}",
            .instead = {{incomplete, broken_for_days}},
            .why = "Three days over max_age: the job is not late but broken.",
        },
        Rule{
            .name = "backup_incomplete",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {age_of(newest), incomplete, unless(is(metric::backup_count, 0)),
                       unless(unreadable), unless(has_streams), unless(rotated_away),
                       unless(far_too_old), unless(long_overdue)},
            .summary = "Backup {subject}: {copy|its newest copy} is broken; the last whole is "
                       "{value:duration} old.",
            .advice = "Stop the rotation that would delete the last complete copy.\n"
                      "See what is wrong with it: lastgood status {id}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Read the log of the newest run, mend the job and run it: journalctl -n 50 "
                      "-u {unit}",
            .also = {"copy"},
            .also_of = Operand(metric::backup_broken_copy),
            .why =
                "It is truncated, empty or failed; the copy before it still stands. When that one "
                "is days over max_age or misses its schedule for long, that is the finding.",
        },
        Rule{
            .name = "backup_no_whole_copy",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_incomplete_copies, 1), is(metric::backup_count, 0),
                       unless(unreadable), unless(has_streams)},
            .summary = "Backup {subject} has no whole copy: {value} of {value} are broken, such "
                       "as {copy|the newest}.",
            .advice = "See what is wrong with them: lastgood status {id}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Read the log of the newest run, mend the job and run it now.",
            .also = {"copy"},
            .also_of = Operand(metric::backup_broken_copy),
            .why = "They are truncated, empty or failed. The newest is of last night, but none of "
                   "them can be "
                   "restored: any loss is total.",
        },
        Rule{
            .name = "backup_rotated_away",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_whole_copies_lost, 1), incomplete,
                       unless(is(metric::backup_count, 0)), unless(unreadable),
                       unless(has_streams)},
            .summary = "Backup {subject} loses its good copies: {value} removed since "
                       "{copy|its newest one} is incomplete.",
            .advice = "Stop the rotation now, or copy the last good one to another place.\n"
                      "See which copies are not whole: lastgood status {id}\n"
                      "Then mend the job and run it.",
            .also = {"copy"},
            .also_of = Operand(metric::backup_broken_copy),
            .why = "The rotation goes on while the job fails: after as many nights as copies are "
                   "kept, none can be restored.",
        },
        Rule{
            .name = "backup_too_small",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {below_other(metric::backup_size_bytes, metric::backup_min_size_bytes),
                       unless(unreadable), unless(has_streams)},
            .summary = "Backup {subject} is too small: its newest copy has only {value:size}.",
            .advice = "See what lastgood finds: lastgood status {id}\n"
                      "Check that the source was mounted and complete when it was backed up.\n"
                      "Look into the copy, then run the job again.\n"
                      "If the data really shrank, lower min_size; find it: {entry}",
            .why = "A source that was not mounted makes a fresh, worthless copy.",
        },
        Rule{
            .name = "backup_unreadable",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {unreadable, unless(reported_by_others),
                       unless(is_unit),  // backup_job_unreadable
                       unless(is(metric::backup_told_by_whole, 1))},
            .summary = "Backup {subject} cannot be checked: {location|its place} is unreadable.",
            .advice = "See whether it is mounted: findmnt -T {directory}\n"
                      "See whether root may read it: ls -ld {directory}\n"
                      "See what fails: lastgood status {id}",
            .why = "Whether there is a good copy is unknown: unreadable is not old, and not fine "
                   "either.",
        },
        Rule{
            .name = "backup_unjudged",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_unjudged_copies, 1), unless(unreadable)},
            .summary = "Backup {subject} has {value:copy|copies} that cannot be judged: "
                       "{copy|a record} is damaged.",
            .advice = "See which, and what is wrong: lastgood status {id}\n"
                      "See whether the disk has errors: lastgood status\n"
                      "If the copy is worthless, remove it with the tool that made it.",
            .also = {"copy"},
            .also_of = Operand(metric::backup_broken_copy),
            .why = "The tool's own record of a copy is damaged, empty or cannot be read. It counts "
                   "neither as a copy nor as one that is gone. Where it may be the newest, and no "
                   "other one is fresh, the backup is unreadable.",
        },
        Rule{
            .name = "backup_state_lost",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_state_lost_timestamp_seconds, 1)},
            .summary =
                "Backup {subject}: lastgood lost what it knew of earlier copies and streams.",
            .advice = "See whether all that should be there is: lastgood status {id}\n"
                      "See whether the drive of {state} has errors: lastgood status\n"
                      "If nothing is missing, end this: lastgood accept backup_state_lost {id} "
                      "--reason known",
            .why = "Both the memory of earlier looks and the one before it were damaged. A stream "
                   "that stopped before is not missed, and a copy that went away is not known. So "
                   "this stays until somebody has seen it.",
        },
        Rule{
            .name = "backup_went_back",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_went_back_from_timestamp_seconds, 0),
                       unless(unreadable), unless(has_streams)},
            .summary = "Backup {subject} went back: a newer copy of {value:duration} ago is gone.",
            .advice = "See what is there: lastgood status {id}\n"
                      "If nobody deleted it, an older state of its disk may be back.\n"
                      "Run the job again; the next copy ends this.",
            .why = "A rotation removes the oldest copies, never the newest one. A provider put an "
                   "old disk back, and nobody noticed for hours. Until the next copy is made.",
        },
        Rule{
            .name = "backup_from_future",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {later_than(newest, hour), unless(unreadable), unless(has_streams)},
            .summary =
                "Backup {subject} has a wrong time: its newest copy lies {value:duration} ahead.",
            .advice = "Compare the clocks here and where the copy was made: date -u\n"
                      "See whether this clock is synchronised: timedatectl\n"
                      "Correct the wrong clock; until then this backup is not reported as too old.",
            .why = "An hour forgives summer time and a small skew. More hides an old backup.",
        },
        Rule{
            .name = "backup_beside_source",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(Operand(metric::backup_failure_domain, "domain",
                                  {"same-filesystem", "same-drive"}),
                          1),
                       present(newest), unless(is(metric::backup_told_by_data, 1)),
                       unless(is(metric::backup_copied_elsewhere, 1)), unless(unreadable),
                       unless(gone)},
            .summary = "Backup {subject} lies on the same drive as its source: they die together.",
            .advice = "Copy {location|it} to another machine, too.\n"
                      "Name that copy as a [[backup]] of its own in {config}.\n"
                      "Apply it: {reload}",
            .why = "This copy helps against a deleted file, not against a dead drive or a disk "
                   "that was rolled back. A site lost ten hours of writes because its backups lay "
                   "on the server's own disk. It ends while another backup on another "
                   "drive or off this host has all of it and is fresh: a copy_of it, one that "
                   "covers its copies, or one of the same kind that covers the same.",
        },
        Rule{
            .name = "backup_on_ephemeral_disk",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_ephemeral, 1)},
            .summary = "Backup {subject} lies on a temporary disk: its copies do not last.",
            .advice = "See which disk: findmnt --target {directory}\n"
                      "Let the job write to a lasting disk, best on another machine.\n"
                      "Correct the place of this [[backup]] in {config}.\n"
                      "Apply it: {reload}",
            .why = "Such a disk, or memory, is emptied when the machine is stopped or moved: then "
                   "the copies are gone, when they are needed most. They count as no second copy "
                   "of data.",
        },
        Rule{
            .name = "backup_source_missing",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_source_missing, 1)},
            .hold = 10 * minute,
            .summary = "Backup {subject} covers {path|a path}, which {why|is not there}: nothing "
                       "of it is copied.",
            .advice = "See whether it was moved, or is not mounted: findmnt\n"
                      "See whether there are more of them: lastgood status {id}\n"
                      "Correct its covers; find them: {entry}\n"
                      "Apply it: {reload}",
            .also = {"path", "why"},
            .also_of = Operand(metric::backup_source_missing),
            .why = "Data that was moved is covered by nothing, and the backup of its old place "
                   "stays fresh. So does that of a mount point whose disk is not mounted; copies "
                   "that were made meanwhile are not believed.",
        },
        Rule{
            .name = "backup_source_link",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_source_link, 1)},
            .summary = "Backup {subject} does not count for {path|a path that it covers}: a link "
                       "leads to {target|its target}.",
            .advice = "See where it leads: lastgood status {id}\n"
                      "Let the job back up the target.\n"
                      "Name that in covers, too; find them: {entry}\n"
                      "Apply it: {reload}",
            .also = {"path", "target"},
            .also_of = Operand(metric::backup_source_link),
            .why = "Most tools store a symbolic link that they are given as a link, and what it "
                   "leads to is in no copy: a database that was moved to another disk, for "
                   "instance. What a job does cannot be told. A link on the way counts if only "
                   "root can make another of it, or if it leads to what belongs to the link's own "
                   "user: nobody else is to say what is backed up.",
        },
        Rule{
            .name = "backup_lock_old",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_lock_timestamp_seconds, day)},
            .summary = "Backup {subject}: its repository has been locked for {value:duration}; "
                       "newer backups wait.",
            .advice = "See whether a job still runs: pgrep -a 'restic|borg'\n"
                      "If none runs on any machine, remove the lock: {command:unlock}",
            .why = "A job hangs, or died and left its lock: every later job waits. restic renews "
                   "its lock every 5 minutes; borg's rarely lasts a day.",
        },
    };
}

}  // namespace lastgood::table
