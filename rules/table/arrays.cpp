#include "core/metrics/arrays.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> array_rules() {
    const auto scrubbing =
        present(Operand(metric::array_sync_progress_ratio, "action", {"check", "repair"}));
    const Operand lost_for_good(metric::array_kernel_errors_recent, "kind",
                                {"array_failed", "uncorrected"});
    const auto logged = [](std::string_view kind) {
        return at_least(Operand(metric::array_kernel_errors_recent, "kind", {kind}), 1);
    };
    const auto rebuilding =
        present(Operand(metric::array_sync_progress_ratio, "action", {"recover", "reshape"}));
    const auto degraded = at_least(metric::array_degraded_members, 1);
    const auto syncing = present(
        Operand(metric::array_sync_progress_ratio, "action", {"recover", "reshape", "resync"}));
    return {
        Rule{
            .name = "array_failed",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {is(metric::array_failed, 1)},
            .summary = "Array {subject} has failed or cannot start: its data is out of reach.",
            .advice = "Stop all writes to it; do not create, add or remove members.\n"
                      "Save what its members say: {command:save}\n"
                      "Check the newest backup: lastgood status\n"
                      "Never use {command:never} here; ask somebody who has done this before.",
            .why = "The kernel stopped the array, or more members are missing than its level "
                   "survives. A wrong command now destroys what could still be saved.",
            .is_loss = true,
        },
        Rule{
            .name = "array_degraded",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_degraded_members, 1),
                       unless(at_least(metric::array_survivable_failures, 1)),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject}: {value:member is|members are} missing; one more loss may "
                       "lose data.",
            .advice = "Check the newest backup now; make one if it is old: lastgood status\n"
                      "See what is missing: {command:look}\n"
                      "Do not pull or power off another member.\n"
                      "Add a new drive, here NEW: {command:replace}",
            .instead = {{rebuilding,
                         "Check the newest backup now; make one if it is old: lastgood status\n"
                         "Do not restart the host; do not pull or power off another member.\n"
                         "A rebuild runs. Watch it until it is done: lastgood status --watch"},
                        {at_least(lost_for_good, 1),
                         "Check the newest backup now; make one if it is old: lastgood status\n"
                         "See what is missing: {command:look}\n"
                         "Do not add, pull or power off a member before you know what was lost: "
                         "journalctl -k -g {device}"}},
            .why = "Without redundancy the rebuild reads every sector of the remaining drives. A "
                   "second failure during the rebuild loses the array.",
        },
        Rule{
            .name = "array_degraded_redundant",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_degraded_members, 1),
                       at_least(metric::array_survivable_failures, 1),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject}: {value:member is|members are} missing; it survives one "
                       "more loss.",
            .advice = "Check the newest backup: lastgood status\n"
                      "See what is missing: {command:look}\n"
                      "Add a new drive, here NEW, this week: {command:replace}",
            .instead = {{rebuilding,
                         "Check the newest backup: lastgood status\n"
                         "A rebuild runs. Watch it until it is done: lastgood status --watch"},
                        {at_least(lost_for_good, 1),
                         "Check the newest backup: lastgood status\n"
                         "See what is missing: {command:look}\n"
                         "Do not add a member before you know what was lost: journalctl -k -g "
                         "{device}"}},
            .why = "The array still has redundancy: no data is in danger tonight.",
        },
        Rule{
            .name = "array_fatal_members",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_fatal_members, 1),
                       at_least(metric::array_degraded_members, 1),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject}: {value:member must|members must} not fail: some data has "
                       "no other copy.",
            .advice = "Check the newest backup now; make one if it is old: lastgood status\n"
                      "See which drives must stay: lastgood status {name}\n"
                      "If one of these drives is suspect, copy the data off before a rebuild reads "
                      "all of it.\n"
                      "Do not pull or power off another member.",
            .why = "A RAID 10 was lost when the mirror partner died during the rebuild.",
            .is_loss = true,
        },
        Rule{
            .name = "array_rebuilding",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {rebuilding},
            .summary = "Array {subject} is rebuilding ({value:percent} done): its redundancy is "
                       "reduced until then.",
            .advice = "Check the newest backup: lastgood status\n"
                      "Do not restart the host; do not pull or power off another member.\n"
                      "A rebuild runs. Watch it until it is done: lastgood status --watch",
            .why = "Until the rebuild is done, the array lacks some of its redundancy. A scrub "
                   "(check or repair) is not a rebuild and raises no alert.",
        },
        Rule{
            .name = "array_resyncing",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {present(Operand(metric::array_sync_progress_ratio, "action", {"resync"}))},
            .hold = 10 * minute,
            .summary = "Array {subject} is resyncing ({value:percent} done): its copies may differ "
                       "until then.",
            .advice = "After creation, a crash or a power cut this is normal; wait.\n"
                      "Otherwise find the cause: journalctl -k -b",
            .why =
                "Until it is done, copies or parity may differ. With a write-intent bitmap (mdadm "
                "--grow --bitmap=internal) it takes seconds, so only resyncs that last are "
                "reported.",
        },
        Rule{
            .name = "array_mismatches",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(metric::array_mismatch_sectors, 1), unless(scrubbing),
                       unless(is(metric::array_failed, 1)), unless(is(metric::array_present, 0))},
            .summary = "Array {subject}: the last check found {value:sector|sectors} with "
                       "differing copies or parity.",
            .advice = "Look for a bad drive or bad memory: lastgood status\n"
                      "Compare what matters with a backup.\n"
                      "Make the copies equal: {command:repair}\n"
                      "When that is done, check again: {command:check}",
            .instead = {{syncing,
                         "Look for a bad drive or bad memory: lastgood status\n"
                         "Compare what matters with a backup.\n"
                         "Wait until the running rebuild or resync is done."},
                        {degraded,
                         "Look for a bad drive or bad memory: lastgood status\n"
                         "Compare what matters with a backup.\n"
                         "Make the copies equal when the array is complete again."}},
            .why = "A drive returned wrong data without an error, or the host crashed while "
                   "writing. md cannot tell which copy is right. On RAID 1 and 10 that hold swap a "
                   "few are harmless. While a check runs the count is not final. Nothing may be "
                   "written to an array that has failed or is gone.",
        },
        Rule{
            .name = "array_unchecked",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {older_than(metric::array_unchecked_since_timestamp_seconds, 35 * day),
                       unless(at_least(metric::array_degraded_members, 1)),
                       unless(is(metric::array_failed, 1)), unless(is(metric::array_present, 0))},
            .hold = hour,
            .summary =
                "Array {subject} has gone unchecked for {value:duration}: bad sectors may hide.",
            .advice = "Start a check; it runs beside normal work: {command:check}\n"
                      "Let a timer start one every month: {command:monthly}",
            .instead = {{syncing,
                         "Wait until the running rebuild or resync is done.\n"
                         "Then see when it was last checked: lastgood status {name}"}},
            .why = "Unreadable sectors that nobody reads come to light during a rebuild, when it "
                   "is too late. Debian checks md arrays every month (the timer, or "
                   "/etc/cron.d/mdadm); 35 days are a month and a late weekend. Only arrays with "
                   "copies or parity are reported. A degraded array needs its rebuild first.",
        },
        Rule{
            .name = "array_bad_blocks",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(Operand(metric::array_member_bad_blocks, {}, {}, Pick::sum), 1),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject} has {value:bad-block range|bad-block ranges}: data there "
                       "has less redundancy.",
            .advice = "Check the newest backup: lastgood status\n"
                      "See which member has them: grep . /sys/block/{device}/md/dev-*/bad_blocks\n"
                      "Add a new drive: mdadm /dev/{device} --add /dev/NEW\n"
                      "Replace the member with the bad blocks (mdadm --replace).",
            .instead = {{syncing,
                         "Check the newest backup: lastgood status\n"
                         "See which member has them: grep . "
                         "/sys/block/{device}/md/dev-*/bad_blocks\n"
                         "Wait until the running rebuild or resync is done, then replace that "
                         "member."},
                        {degraded,
                         "Check the newest backup: lastgood status\n"
                         "See which member has them: grep . "
                         "/sys/block/{device}/md/dev-*/bad_blocks\n"
                         "Replace that member when the array is complete again."},
                        {at_least(lost_for_good, 1),
                         "Check the newest backup: lastgood status\n"
                         "See which member has them: grep . "
                         "/sys/block/{device}/md/dev-*/bad_blocks"}},
            .why =
                "md records a bad block when it can neither read nor rewrite it. It still reports "
                "the array as complete.",
            .is_loss = true,
        },
        Rule{
            .name = "array_kernel_data_loss",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {at_least(lost_for_good, 1), unless(is(metric::array_failed, 1))},
            .summary = "Array {subject} recently failed, or could not repair unreadable data.",
            .advice = "Do not restart the host; do not add or create anything yet.\n"
                      "Save what its members say: {command:save}\n"
                      "See what happened: journalctl -k -g {device}\n"
                      "Check the newest backup; damaged files must come from it: lastgood status",
            .instead = {{from_zfs(metric::array_kernel_errors_recent),
                         "Do not restart the host; do not export, add or create anything yet.\n"
                         "See what is damaged and which drives fail: zpool status -v\n"
                         "Check the newest backup; damaged files must come from it: lastgood "
                         "status"}},
            .why = "Redundancy was used up at that moment, even if the array runs again now. What "
                   "array_failed reports is not reported twice. Several layers of the kernel "
                   "report one failed request, so the largest of their counts is taken.",
            .is_loss = true,
        },
        Rule{
            .name = "array_kernel_pool_full",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {logged("pool_full")},
            .summary = "Pool {subject} has run out of space: writes to its volumes wait or fail.",
            .advice = "See how full it is: lvs -a -o+data_percent,metadata_percent\n"
                      "Enlarge it now (lvextend), or free space in it: fstrim -a\n"
                      "Then check the filesystems on it: lastgood status",
            .why = "A thin pool promises more than it has. Without space it queues writes for a "
                   "minute, then fails them, and filesystems on it stop.",
            .is_loss = true,
        },
        Rule{
            .name = "array_kernel_degraded",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {logged("array_degraded"), unless(present(metric::array_degraded_members)),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject} runs with members missing; one more loss may lose data.",
            .advice = "Check the newest backup now; make one if it is old: lastgood status\n"
                      "See what is missing: {command:look}\n"
                      "Do not pull or power off another member.\n"
                      "When no rebuild runs, add a new drive, here NEW: {command:replace}",
            .instead = {{rebuilding,
                         "Check the newest backup now; make one if it is old: lastgood status\n"
                         "Do not restart the host; do not pull or power off another member.\n"
                         "A rebuild runs. Watch it until it is done: lastgood status --watch"},
                        {at_least(lost_for_good, 1),
                         "Check the newest backup now; make one if it is old: lastgood status\n"
                         "See what is missing: {command:look}\n"
                         "Do not add, pull or power off a member before you know what was lost: "
                         "journalctl -k -g {device}"}},
            .why = "From the log, where the array itself cannot be seen: a saved log, or an array "
                   "of a controller.",
        },
        Rule{
            .name = "array_kernel_reduced",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {logged("array_reduced"), unless(present(metric::array_degraded_members)),
                       unless(is(metric::array_failed, 1))},
            .summary = "Array {subject} runs with a member missing; it survives one more loss.",
            .advice =
                "Check the newest backup: lastgood status\n"
                "See what is missing: {command:look}\n"
                "When no rebuild runs, add a new drive, here NEW, this week: {command:replace}",
            .instead = {{rebuilding,
                         "Check the newest backup: lastgood status\n"
                         "A rebuild runs. Watch it until it is done: lastgood status --watch"},
                        {at_least(lost_for_good, 1),
                         "Check the newest backup: lastgood status\n"
                         "See what is missing: {command:look}\n"
                         "Do not add a member before you know what was lost: journalctl -k -g "
                         "{device}"}},
            .why = "The same as array_kernel_degraded, but redundancy is left.",
        },
        Rule{
            .name = "array_kernel_errors",
            .severity = Severity::warning,
            .subject = SubjectKind::array,
            .all_of = {at_least(except(metric::array_kernel_errors_recent, "kind",
                                       {"pool_full", "array_degraded", "array_reduced"}),
                                1),
                       unless(at_least(lost_for_good, 1))},
            .summary = "Array {subject} had {value:recent error|recent errors} that its redundancy "
                       "did not repair.",
            .advice = "Check the newest backup: lastgood status\n"
                      "See the errors: journalctl -k -g {device}\n"
                      "See its drives: lastgood status {name}\n"
                      "If copies differ, compare what matters with the backup.",
            .why = "What redundancy repairs is charged to a drive. An error of the array itself "
                   "was not repaired, or its copies differ. The kernel suppresses floods, so the "
                   "number is a lower bound.",
        },
        Rule{
            .name = "array_unreadable",
            .severity = Severity::unknown,
            .subject = SubjectKind::array,
            .all_of = {is(metric::array_readable, 0)},
            .summary = "The state of array {subject} cannot be read: it may be degraded.",
            .advice =
                "See what its tool says: {command:look}\n"
                "See the error: lastgood status {name}\n"
                "If the tool finds nothing wrong, report a bug of lastgood with both outputs.",
            .why = "An array that cannot be read may be degraded.",
        },
        Rule{
            .name = "array_gone",
            .severity = Severity::critical,
            .subject = SubjectKind::array,
            .all_of = {is(metric::array_present, 0)},
            .summary = "Array {subject} has disappeared: its data is out of reach.",
            .advice = "See why it went: journalctl -k -b\n"
                      "If nobody stopped it, start it: {command:start}\n"
                      "Never use {command:never}, which destroys the data.\n"
                      "If it was removed on purpose: lastgood forget {id}",
            .why = "An array that is not assembled is out of reach, and something may write to its "
                   "members by mistake.",
            .is_loss = true,
        },
    };
}

}  // namespace lastgood::table
