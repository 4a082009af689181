#include "core/metrics/filesystems.hpp"

#include "core/metrics/witnesses.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> filesystem_rules() {
    // A read-only filesystem (an image, a CD) is always full, which is not a problem.
    const auto writable = unless(is(metric::filesystem_read_only, 1));
    const auto in_use = at_least(metric::filesystem_used_ratio, 0.6);
    const std::vector<std::string_view> damage = {"inconsistent", "uncorrected", "journal_aborted",
                                                  "read_only", "shutdown"};
    const auto damaged =
        at_least(Operand(metric::filesystem_kernel_log_errors_recent, "kind", damage), 1);
    return {
        Rule{
            .name = "filesystem_read_only",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_read_only, 1),
                       unless(is(metric::filesystem_read_only_intended, 1))},
            .summary = "Filesystem {subject} is unexpectedly read-only: every write fails.",
            .advice = "Check the newest backup; copy off what is newer: lastgood status\n"
                      "See why: journalctl -k -b -g 'remount|error'\n"
                      "Check its drives: lastgood status {id}\n"
                      "When its drives are sound, repair it: {command:repair}",
            .why = "The kernel stops writing when it no longer trusts the filesystem or the drive. "
                   "What programs have written since has not reached the disk. Repairing / needs a "
                   "rescue system.",
        },
        Rule{
            .name = "filesystem_damaged",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {damaged},
            .summary = "Filesystem {subject} is damaged or stopped itself: {value:recent kernel "
                       "error|recent kernel errors}.",
            .advice = "Check the newest backup; copy off what is newer: lastgood status\n"
                      "See what is damaged: journalctl -k -g {device}\n"
                      "Check its drives: lastgood status {id}\n"
                      "When its drives are sound, repair it: {command:repair}",
            .why =
                "Inconsistent metadata, data that no copy could repair, an aborted journal, a "
                "remount read-only or a shutdown: each means that something was lost or no longer "
                "reaches the disk. The kernel suppresses floods, so the number is a lower bound.",
            .is_loss = true,
        },
        Rule{
            .name = "filesystem_rolled_back",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_rolled_back_timestamp_seconds, 1)},
            .summary = "{subject} went back from {from|a newer state} to {to|an older one}.",
            .advice = "An old copy is mounted there; stop what writes to it.\n"
                      "Ask whoever can change this disk who put it back.\n"
                      "Look for a copy made in between: lastgood status\n"
                      "If it was on purpose, end this: lastgood accept filesystem_rolled_back {id} "
                      "--reason restored",
            .also = {"from", "to"},
            .also_of = metric::filesystem_rolled_back_timestamp_seconds,
            .why = "A counter that only grows is lower than what was surely on the disk. A "
                   "provider put an older copy of a disk back without a word; ten hours of writes "
                   "were gone. It stays until somebody has seen it, for 90 days at most.",
        },
        Rule{
            .name = "filesystem_log_errors",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_kernel_log_errors_recent, 1), unless(damaged)},
            .summary = "Filesystem {subject} had {value:recent kernel error|recent kernel errors}: "
                       "data may be damaged.",
            .advice = "Check the newest backup: lastgood status\n"
                      "See the errors: journalctl -k -g {device}\n"
                      "Check its drives: lastgood status {id}\n"
                      "When its drives are sound, check it: {command:repair}",
            .why = "A request failed, or data was not what had been written, even if a copy "
                   "repaired it: a drive, a cable or memory is at fault. Kinds of errors that a "
                   "later version adds count here, too.",
        },
        Rule{
            .name = "filesystem_errors",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_kernel_errors_total, 1), unless(damaged)},
            .summary = "Filesystem {subject} has recorded {value:error|errors} and needs a check.",
            .advice = "Check the newest backup: lastgood status\n"
                      "See what happened: journalctl -k -g {device}\n"
                      "Check its drives: lastgood status {id}\n"
                      "When its drives are sound, repair it and reset the count: "
                      "{command:repair_and_reset}",
            .why = "ext4 keeps the count on disk until fsck, btrfs until it is reset: nobody has "
                   "dealt with this error yet. While the error is recent, filesystem_damaged "
                   "reports it.",
        },
        Rule{
            .name = "filesystem_not_responding",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_responding, 0)},
            .hold = minute,
            .summary = "Filesystem {subject} does not answer: programs that use it hang.",
            .advice = "If it is a network mount, see whether its server answers.\n"
                      "If it is local, its drive hangs: lastgood status {id}\n"
                      "See what the kernel says: journalctl -k -b\n"
                      "If the server stays away, give the mount up: umount -f -l {id}",
            .why = "A minute, because a server may be restarting.",
        },
        Rule{
            .name = "filesystem_full",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_used_ratio, 0.95), writable},
            .hold = 5 * minute,
            .summary = "Filesystem {subject} is {value:percent} full: writes will soon fail.",
            .advice = "See what takes the space: du -xh --max-depth=2 {id} | sort -h | tail\n"
                      "Delete something, or enlarge the filesystem, now.\n"
                      "Before you move data to another disk, see whether a backup covers it: "
                      "lastgood status",
            .why =
                "Databases and backups fail on a full disk; some are damaged. Data that is moved "
                "to an ephemeral disk is lost with that disk.",
        },
        Rule{
            .name = "filesystem_filling",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_used_ratio, 0.9),
                       below(metric::filesystem_used_ratio, 0.95), writable},
            .hold = 5 * minute,
            .summary = "Filesystem {subject} is {value:percent} full: little space is left.",
            .advice = "See what takes the space: du -xh --max-depth=2 {id} | sort -h | tail\n"
                      "Delete something, or enlarge the filesystem, this week.",
            .why = "At 95% it becomes critical.",
        },
        Rule{
            .name = "filesystem_full_within_day",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {within(metric::filesystem_full_at_timestamp_seconds, day), in_use, writable},
            .hold = hour,
            .summary = "Filesystem {subject} grows and will be full in {value:duration}.",
            .advice = "See what takes the space: du -xh --max-depth=2 {id} | sort -h | tail\n"
                      "See which programs use it: lsof +f -- {id}\n"
                      "Stop the writer, or make room, tonight.",
            .why = "The growth must last an hour, and the filesystem must be 60% full already, so "
                   "that one big copy raises no alert.",
        },
        Rule{
            .name = "filesystem_full_within_days",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {within(metric::filesystem_full_at_timestamp_seconds, 3 * day), in_use,
                       unless(within(metric::filesystem_full_at_timestamp_seconds, day)), writable},
            .hold = 2 * hour,
            .summary = "Filesystem {subject} grows and will be full in {value:duration}.",
            .advice = "See what takes the space: du -xh --max-depth=2 {id} | sort -h | tail\n"
                      "Make room, or enlarge the filesystem, before the weekend.",
            .why = "Three days span a weekend.",
        },
        Rule{
            .name = "filesystem_inodes_low",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_inodes_used_ratio, 0.9), writable},
            .hold = 5 * minute,
            .summary =
                "Filesystem {subject} has used {value:percent} of its inodes: new files will fail.",
            .advice = "See where the many small files are: du --inodes -x --max-depth=2 {id} | "
                      "sort -n | tail\n"
                      "Delete files this week, however much space is left.",
            .why = "The number of inodes is fixed when the filesystem is made.",
        },
        Rule{
            .name = "filesystem_ephemeral",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_ephemeral, 1),
                       at_least(metric::filesystem_used_ratio, 0.02),
                       unless(is(metric::filesystem_backed_up, 1)),
                       unless(present(metric::filesystem_backup_waived))},
            .summary = "Filesystem {subject} lies on a temporary disk, and no backup covers it.",
            .advice = "Copy what must not be lost to a persistent disk now, or back it up.\n"
                      "Add {id} to the covers of that backup in {config}.\n"
                      "Apply it: {reload}",
            .why =
                "The data on it is lost when the machine is moved or stopped. A shop lost 41 days "
                "of data this way. A nearly empty filesystem (below 2% used) is not reported.",
        },
        Rule{
            .name = "filesystem_not_backed_up",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_backed_up, 0),
                       unless(is(metric::filesystem_ephemeral, 1))},
            .summary = "No backup covers filesystem {subject}.",
            .advice = "Look for a backup that has it: lastgood config discover\n"
                      "Add to covers of that [[backup]] only what its copies hold.\n"
                      "Apply it: {reload}\n"
                      "If none has it, make one; if it needs none, as a disk of backups, name it "
                      "in not_backed_up.",
            .why = "Backups that were switched off \"for a while\" were missing for two and a half "
                   "years.",
        },
        elsewhere_ended("filesystem_elsewhere_ended",
                        metric::filesystem_elsewhere_until_timestamp_seconds, {},
                        "Nothing here sees that backup. A word for it holds for a year at most; "
                        "then somebody must ask again."),
    };
}

}  // namespace lastgood::table
