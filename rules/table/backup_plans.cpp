// What is asked of a backup over time: schedules, spans, pauses and tests.
#include "core/backup_plan.hpp"
#include "core/metrics/backup_streams.hpp"
#include "core/metrics/backups.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> backup_plan_rules() {
    const Operand newest(metric::backup_newest_timestamp_seconds, "confidence",
                         {"exact", "inferred"});
    const Operand& due = metric::backup_due_timestamp_seconds;
    const Operand& long_due = metric::backup_long_due_timestamp_seconds;
    constexpr Seconds long_slack = 2 * slot_slack;
    const auto unreadable = is(metric::backup_readable, 0);
    const Operand& oldest = metric::backup_oldest_timestamp_seconds;
    const Operand& count = metric::backup_count;
    const Operand& verified = metric::backup_verified_timestamp_seconds;
    const Operand& verified_within = metric::backup_verified_within_seconds;
    const Operand& restored = metric::backup_restored_timestamp_seconds;
    const Operand& restored_within = metric::backup_restored_within_seconds;
    const Operand& size = metric::backup_size_bytes;
    // Each of its streams has findings of its own.
    const auto has_streams = at_least(metric::backup_streams, 1);
    const auto original_is_late = is(metric::backup_original_late, 1);
    const auto gone = at_least(metric::backup_copies_gone, 1);
    const auto incomplete = is(metric::backup_incomplete, 1);
    const auto rotated_away = at_least(metric::backup_whole_copies_lost, 1);
    const auto late_together = is(metric::backup_late_with_others, 1);
    const auto behind = above_other(metric::backup_lag_seconds, metric::backup_max_lag_seconds);
    return {
        Rule{
            .name = "backup_overdue",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(due, 0), before_other(newest, due, slot_slack),
                       unless(before_other(newest, long_due, long_slack)), unless(unreadable),
                       unless(has_streams), unless(original_is_late), unless(behind), unless(gone),
                       unless(incomplete), unless(late_together)},
            .summary =
                "Backup {subject} is overdue: due {value:duration} ago, it has no copy since.",
            .advice = "See when the job ran last: systemctl list-timers --all\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Run it by hand; do no risky work before there is a fresh copy.",
            .why = "A time of its schedule and the grace after it have passed without a copy. Only "
                   "times that a finished backup leaves behind count.",
        },
        Rule{
            .name = "backup_long_overdue",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {before_other(newest, long_due, long_slack), unless(unreadable),
                       unless(has_streams), unless(original_is_late), unless(rotated_away),
                       unless(late_together)},
            .summary = "Backup {subject} misses its schedule: its newest copy is of {value:time}.",
            .advice = "Run the job by hand tonight, or copy the data to another machine.\n"
                      "See when the job ran last: systemctl list-timers --all\n"
                      "See whether there is room: df -h {directory}\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}",
            .why = "Three copies in a row are missing: the job is not late but broken.",
        },
        Rule{
            .name = "backup_streams_late",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_late_streams, told_together), unless(unreadable),
                       unless(at_least(metric::backup_missed_slots, told_together))},
            .summary = "Backup {subject} has {value:late stream|late streams}: the oldest is "
                       "{oldest|unknown}.",
            .advice = "See which are late: lastgood status {id}\n"
                      "See when the job ran last: systemctl list-timers --all\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}\n"
                      "See whether there is room: df -h {directory}",
            .also = {"oldest"},
            .also_of = Operand(metric::backup_late_streams),
            .why =
                "Several streams of one backup that are late have a common cause: one finding for "
                "all of them. Of those that slots name for one night, backup_slots_missed "
                "tells.",
        },
        Rule{
            .name = "backup_streams_long_late",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_long_late_streams, told_together),
                       unless(unreadable)},
            .summary = "Backup {subject}: {value:stream has|streams have} failed for days; the "
                       "oldest is {oldest|unknown}.",
            .advice = "Run the job by hand tonight, or copy the data to another machine.\n"
                      "See which streams: lastgood status {id}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Read the log of its last run: journalctl -n 50 -u {unit}",
            .also = {"oldest"},
            .also_of = Operand(metric::backup_long_late_streams),
            .why = "Three days over max_age, or three missed times of the schedule: the job is not "
                   "late but broken.",
        },
        Rule{
            .name = "backup_wal_waits",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_wal_waiting_timestamp_seconds, hour)},
            .summary =
                "Backup {subject} gets no WAL: its database has waited for {value:duration}.",
            .advice = "Read why archive_command fails, in the log of PostgreSQL.\n"
                      "See whether there is room: df -h {directory}\n"
                      "Test the way of the WAL with pgbackrest check or barman check.",
            .why = "Since then nothing that was written can be restored, and an online backup "
                   "without its WAL neither. The database keeps the WAL until its disk is full.",
        },
        Rule{
            .name = "backup_wal_too_old",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(metric::backup_wal_timestamp_seconds,
                                        metric::backup_max_wal_age_seconds),
                       unless(unreadable), unless(has_streams)},
            .summary = "Backup {subject} has no WAL of the last {value:duration}.",
            .advice = "Read why archive_command fails, in the log of PostgreSQL.\n"
                      "See whether there is room: df -h {directory}\n"
                      "Test the way of the WAL with pgbackrest check or barman check.\n"
                      "If the database writes nothing for so long, set archive_timeout there, or a "
                      "larger max_wal_age; find it: {entry}",
            .why = "The setting max_wal_age. What was written since then can be restored from no "
                   "backup.",
        },
        Rule{
            .name = "backup_slots_missed",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_missed_slots, told_together), unless(unreadable)},
            .summary = "Backup {subject} missed {value:slot|slots} of the night of {night|one "
                       "day}.",
            .advice = "See when the jobs of that night ran: systemctl list-timers --all\n"
                      "Read the log of that night: journalctl --since yesterday -u {unit}\n"
                      "See whether there is room: df -h {directory}\n"
                      "Run by hand what is missing: lastgood status {id}",
            .also = {"night"},
            .also_of = metric::backup_missed_night,
            .why = "One stream that misses its slot is a failure of its own; several in one night "
                   "have a common cause: the place was full, or the host was off.",
        },
        Rule{
            .name = "backup_no_slot",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_streams_without_slot, 1), unless(unreadable)},
            .summary = "Backup {subject} has {value:stream|streams} in no slot: {streams|see its "
                       "status}.",
            .advice = "Write their names into slots of its [[backup]]; find it: {entry}\n"
                      "Apply it: {reload}\n"
                      "If one is no longer made, remove its copies, then forget it: lastgood "
                      "forget --help",
            .also = {"streams"},
            .also_of = Operand(metric::backup_streams_without_slot),
            .why = "There are copies of them, but they could stop without being missed: nothing "
                   "says when they are due.",
        },
        Rule{
            .name = "backup_slot_unknown",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {at_least(metric::backup_slots_without_stream, 1), unless(unreadable)},
            .summary = "Backup {subject} never had {value:stream|streams} that slots name: "
                       "{slots|see there}.",
            .advice = "See the names of its streams: lastgood status {id}\n"
                      "If one is meant by another name, correct slots; find it: {entry}\n"
                      "Apply it: {reload}\n"
                      "If it is the right name, run its job and read its messages.",
            .also = {"slots"},
            .also_of = Operand(metric::backup_slots_without_stream),
            .why = "No copy of them was ever seen: perhaps the name is wrong, perhaps the job "
                   "never ran.",
        },
        Rule{
            .name = "backup_verification_late",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(verified, verified_within)},
            .summary = "Backup {subject} was last verified {value:duration} ago: that is too long.",
            .advice = "Verify it with the tool's own command, and read what it says.\n"
                      "Then record it: lastgood record verified {id} --note '...'",
            .why = "The setting verified_within. Copies rot unread: a repository that was never "
                   "checked is found to be damaged when it is needed.",
        },
        Rule{
            .name = "backup_never_verified",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {present(verified_within), unless(present(verified))},
            .summary = "Backup {subject} has never been verified: nobody knows whether it is good.",
            .advice = "Verify it with the tool's own command, and read what it says.\n"
                      "Then record it: lastgood record verified {id} --note '...'",
            .why = "The setting verified_within asks for it.",
        },
        Rule{
            .name = "backup_restore_late",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(restored, restored_within)},
            .summary = "Backup {subject} was last restored {value:duration} ago: that is too long.",
            .advice = "Restore a part of it to another place, and compare it with the source.\n"
                      "Then record it: lastgood record restored {id} --note '...'",
            .why = "The setting restored_within. Only a restore shows that keys, passwords and "
                   "instructions are still there.",
        },
        Rule{
            .name = "backup_never_restored",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {present(restored_within), unless(present(restored))},
            .summary = "Backup {subject} has never been restored: nobody knows whether that works.",
            .advice = "Restore a part of it to another place, and compare it with the source.\n"
                      "Then record it: lastgood record restored {id} --note '...'",
            .why = "The setting restored_within asks for it.",
        },
        Rule{
            .name = "backup_pause_ended",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_paused_until_timestamp_seconds, 0)},
            .summary = "The pause of backup {subject} has ended {value:duration} ago.",
            .advice = "Let the job run again, and see that it does: systemctl list-timers --all\n"
                      "Then remove paused_until from its [[backup]]; find it: {entry}\n"
                      "Apply it: {reload}",
            .why =
                "Backups that were switched off for a while stayed off for two and a half years. "
                "A pause has an end, which somebody must see.",
        },
        Rule{
            .name = "backup_span_short",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {younger_than_other(oldest, metric::backup_min_span_seconds),
                       unless(unreadable), unless(has_streams)},
            .summary =
                "Backup {subject} reaches back only {value:duration}: older copies are gone.",
            .advice = "Stop what deletes copies until you know why: systemctl list-timers --all\n"
                      "See what is kept: lastgood status {id}\n"
                      "Compare the rule by which the tool deletes with keep_span; find it: {entry}",
            .why = "A mistake that is found after a week needs a copy from before it. A backup "
                   "that is younger than keep_span must reach back to its first copy.",
        },
        Rule{
            .name = "backup_too_few",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {below_other(count, metric::backup_min_count), present(newest),
                       unless(unreadable), unless(has_streams), unless(gone)},
            .summary = "Backup {subject} keeps only {value:copy|copies}: fewer than asked for.",
            .advice = "Stop what deletes copies until you know why: systemctl list-timers --all\n"
                      "See what is kept: lastgood status {id}\n"
                      "Compare the rule by which the tool deletes with min_count; find it: {entry}",
            .why = "Copies that fail, or a rule that deletes too much, leave fewer than min_count.",
        },
        Rule{
            .name = "backup_outlived",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(oldest, metric::backup_max_span_seconds),
                       unless(unreadable), unless(has_streams)},
            .summary = "Backup {subject} keeps a copy {value:duration} old: it should be deleted.",
            .advice = "See why copies are no longer deleted: systemctl list-timers --all\n"
                      "See whether there is room: df -h {directory}\n"
                      "Delete by the tool's own command, not by hand.",
            .why = "A deletion that no longer runs fills the disk, and then no new copy fits. Data "
                   "that must be deleted after a time is still there.",
        },
        Rule{
            .name = "backup_shrunk",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {below_other(size, metric::backup_shrunk_size_bytes), unless(unreadable),
                       unless(has_streams)},
            .summary = "Backup {subject} has shrunk: its newest copy has only {value:size}.",
            .advice =
                "See the usual size: lastgood status {id}\n"
                "Check that the source was mounted and complete when it was backed up.\n"
                "Look into the copy, then run the job again.\n"
                "If the data really shrank: lastgood accept backup_shrunk {id} --reason '...'",
            .why =
                "Half of the usual size, the median of 30 copies, is no usual change: a table, a "
                "directory or a mount is missing. After some copies of the new size it is usual.",
        },
    };
}

}  // namespace lastgood::table
