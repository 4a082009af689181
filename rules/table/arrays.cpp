#include "core/metrics/arrays.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> array_rules() {
    const auto scrubbing =
        present(Operand(metric::array_sync_progress_ratio, "action", {"check", "repair"}));
    const Operand lost_for_good(metric::array_kernel_errors_recent, "kind",
                                {"array_failed", "uncorrected"});
    return {
        Rule{
            .name = "array_failed",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {is(metric::array_failed, 1)},
            .summary = "Array {subject} has lost more drives than it can bear, or cannot run.",
            .advice = "Stop. Write nothing to it, do not create or re-add anything. Save what the "
                      "members say first: {command:save}; journalctl -k. Then "
                      "https://raid.wiki.kernel.org "
                      "or somebody who has done it before; {command:never} loses data here. Check "
                      "the newest backup.",
            .why = "The kernel stopped it, or more members are missing than its level survives.",
        },
        Rule{
            .name = "array_degraded",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_degraded_members, 1),
                       unless(at_least(metric::array_survivable_failures, 1)),
                       unless(is(metric::array_failed, 1))},
            .summary =
                "Array {subject} has {value} member(s) missing: the next loss may lose data.",
            .advice = "Check the newest backup now (lastgood status), take one if it is old. "
                      "{command:look} shows what is missing. Do not pull, power off "
                      "or stress the remaining members; before touching any drive: lastgood "
                      "preflight DRIVE. Then add a replacement: {command:replace}.",
            .why = "Without redundancy the rebuild reads every sector of the remaining drives, and "
                   "a second failure during it loses the array.",
        },
        Rule{
            .name = "array_degraded_redundant",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_degraded_members, 1),
                       at_least(metric::array_survivable_failures, 1),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject} has {value} member(s) missing; it is sure to survive one "
                       "more loss.",
            .advice = "{command:look} shows what is missing. Add a replacement this week: "
                      "{command:replace}. Check the backup meanwhile.",
            .why = "It still has redundancy: no data is in danger tonight.",
        },
        Rule{
            .name = "array_fatal_members",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_fatal_members, 1),
                       at_least(metric::array_degraded_members, 1),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject}: {value} member(s) hold the only copy of some data. Do not "
                       "pull them.",
            .advice = "lastgood status {device} shows the members and their drives; lastgood "
                      "preflight DRIVE says which drive may be pulled. Look at the health of the "
                      "drives that may not: if one is suspect, copy the data off before the "
                      "rebuild reads it through.",
            .why = "A RAID 10 was lost when the mirror partner died during the rebuild.",
        },
        Rule{
            .name = "array_rebuilding",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {present(
                Operand(metric::array_sync_progress_ratio, "action", {"recover", "reshape"}))},
            .summary = "Array {subject} is rebuilding: {value:percent} done.",
            .advice = "Leave it alone: do not restart the machine, pull a drive or start heavy "
                      "work until it is done (watch cat /proc/mdstat). Make sure that the newest "
                      "backup is good.",
            .why =
                "Until it is done it has not all of its redundancy. A scrub (check or repair) is "
                "no rebuild and raises nothing.",
        },
        Rule{
            .name = "array_resyncing",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {present(Operand(metric::array_sync_progress_ratio, "action", {"resync"}))},
            .hold = 10 * minute,
            .summary =
                "Array {subject} is bringing its copies in line again: {value:percent} done.",
            .advice =
                "Normal after it was created, and after a crash or power cut. If there was "
                "neither, journalctl -k -b says why. In an md array a write-intent bitmap makes "
                "the next one short: mdadm --grow --bitmap=internal /dev/mdN.",
            .why = "Until it is done, copies or parity may differ. With a bitmap it takes seconds: "
                   "only those that last are told.",
        },
        Rule{
            .name = "array_mismatches",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_mismatch_sectors, 1), unless(scrubbing)},
            .summary = "Array {subject}: the last check found {value} sectors that differ between "
                       "copies, or do not fit their parity.",
            .advice = "Some drive returned wrong data without saying so, or the machine crashed "
                      "while writing. Look for the culprit (lastgood status; memory too), compare "
                      "with a backup what matters, then "
                      "{command:repair} and check again. On RAID 1 and 10 that "
                      "hold swap a few are harmless.",
            .why = "md cannot tell which copy is right. While a check runs the count is not final.",
        },
        Rule{
            .name = "array_unchecked",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {older_than(metric::array_unchecked_since_timestamp_seconds, 35 * day)},
            .hold = hour,
            .summary = "Array {subject} has not been checked for {value:duration}.",
            .advice = "Start a check: {command:check} (it runs beside normal work). Let it run "
                      "monthly; for md: systemctl enable --now mdcheck_start.timer, or Debian's "
                      "/etc/cron.d/mdadm.",
            .why =
                "Unreadable sectors that nobody reads come to light during a rebuild, when it is "
                "too late. Debian checks monthly; 35 days is a month and a late weekend. Only of "
                "arrays that have copies or parity to compare.",
        },
        Rule{
            .name = "array_bad_blocks",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(Operand(metric::array_member_bad_blocks, {}, {}, Pick::sum), 1)},
            .summary =
                "Array {subject} has {value} range(s) in the bad-block lists of its members.",
            .advice =
                "There it has less redundancy than it says. lastgood status {device} and grep "
                ". /sys/block/{device}/md/dev-*/bad_blocks show which member: replace it.",
            .why = "md notes a bad block when it could neither read nor rewrite it; it reports the "
                   "array as whole all the same.",
        },
        Rule{
            .name = "array_kernel_data_loss",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {at_least(lost_for_good, 1), unless(is(metric::array_failed, 1))},
            .summary = "Array {subject}: in the last 24 hours the kernel gave it up, or could not "
                       "repair what it failed to read.",
            .advice = "journalctl -k -g {device} and cat /proc/mdstat show what happened. Do not "
                      "restart, re-add or re-create anything yet: first {command:save}. "
                      "Check the newest backup; files that lay there must come from it.",
            .why = "Redundancy was used up at that moment, even if the array runs again now; what "
                   "array_failed tells is not told twice. A failed request is reported by several "
                   "layers of the kernel, so the largest of their counts is taken.",
        },
        Rule{
            .name = "array_kernel_errors",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_kernel_errors_recent, 1),
                       unless(at_least(lost_for_good, 1))},
            .summary = "Array {subject}: the kernel logged at least {value} error(s) of the array "
                       "itself in the last 24 hours.",
            .advice = "journalctl -k -g {device} shows them. Look at its drives (lastgood status "
                      "{device}) and check the newest backup; if copies differ, compare with it "
                      "what matters.",
            .why = "What redundancy saves is charged to a drive; an error that reaches the array "
                   "was not saved by it, or its copies differ.",
        },
        Rule{
            .name = "array_unreadable",
            .severity = Severity::unknown,
            .subject = SubjectKind::array,
            .all_of = {is(metric::array_readable, 0)},
            .summary = "The state of array {subject} could not be made sense of.",
            .advice =
                "Look yourself: cat /proc/mdstat; {command:look}. If it is fine there, report "
                "what they print, and ls /sys/block/{device}/md/, as a bug of lastgood.",
            .why = "An array that cannot be read may be degraded.",
        },
        Rule{
            .name = "array_gone",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {is(metric::array_present, 0)},
            .summary = "Array {subject} was here and is gone.",
            .advice = "If nobody stopped it: {command:start}; journalctl -k -b. "
                      "Never {command:never}: it loses the data. If it was "
                      "taken apart on purpose: lastgood forget {device}.",
            .why = "An array that is not assembled is out of reach, and its members may be written "
                   "to by mistake.",
        },
    };
}

}  // namespace lastgood::table
