#include "core/metrics/filesystems.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> filesystem_rules() {
    // What cannot be written to (an image, a CD) is always full and never fills up.
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
            .summary = "Filesystem {subject} is read-only, though it should not be.",
            .advice =
                "The kernel stops writing when it no longer trusts filesystem or drive. "
                "journalctl -k -b -g 'remount|error' says why; lastgood status {id} names its "
                "drives. Copy off what is new, stop its services, then umount {id} and fsck "
                "(not before the drive is known to be sound).",
            .why = "Nothing that is written since reaches the disk.",
        },
        Rule{
            .name = "filesystem_damaged",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {damaged},
            .summary = "Filesystem {subject} found itself damaged or stopped because of errors, at "
                       "least {value} time(s) in the last 24 hours (kernel log).",
            .advice = "journalctl -k -g {device} says what. Check the newest backup before "
                      "anything else and copy off what is new. See whether its drives are sound "
                      "(lastgood status {id}): if one is not, that comes first. Then stop its "
                      "services, umount {id}, and fsck (ext4), xfs_repair (XFS) or btrfs scrub.",
            .why = "Metadata that does not fit, data that no copy could mend, a journal given up, "
                   "a remount read-only or a shutdown: each means that something was lost or no "
                   "longer reaches the disk.",
        },
        Rule{
            .name = "filesystem_log_errors",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_kernel_log_errors_recent, 1), unless(damaged)},
            .summary = "Filesystem {subject}: the kernel logged at least {value} error(s) in the "
                       "last 24 hours.",
            .advice = "journalctl -k -g {device} shows them. See whether its drives are sound "
                      "(lastgood status {id}) and check the backup; on btrfs run btrfs scrub start "
                      "{id}, elsewhere plan an fsck.",
            .why = "A request that failed, or data that was not what had been written, even if a "
                   "copy mended it: a drive, a cable or memory is at fault. Kinds of a later "
                   "version count here, too.",
        },
        Rule{
            .name = "filesystem_errors",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_kernel_errors_total, 1), unless(damaged)},
            .summary = "Filesystem {subject} has noted {value} error(s) in itself.",
            .advice = "journalctl -k -g {device} says what. First see whether its drives are sound "
                      "(lastgood status {id}), check the backup, then fsck it unmounted (ext4), or "
                      "btrfs scrub start {id} and btrfs device stats -z {id} (btrfs). The count "
                      "goes back to 0 with the repair.",
            .why =
                "ext4 keeps the count on disk until fsck, btrfs until it is reset: an error that "
                "nobody has looked at yet. In its first 24 hours filesystem_damaged tells of it.",
        },
        Rule{
            .name = "filesystem_not_responding",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_responding, 0)},
            .hold = minute,
            .summary = "Filesystem {subject} does not answer: whoever touches it hangs.",
            .advice = "A network mount: is the server there? (systemctl restart the mount, or "
                      "umount -f -l {id}.) A local one: its drive hangs, see lastgood status {id} "
                      "and journalctl -k -b.",
            .why = "A minute, because a server may be restarting.",
        },
        Rule{
            .name = "filesystem_full",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_used_ratio, 0.95), writable},
            .hold = 5 * minute,
            .summary = "Filesystem {subject} is {value:percent} full.",
            .advice =
                "du -xh --max-depth=2 {id} | sort -h | tail shows what takes the room. Do not "
                "move data to another disk before lastgood status says that it survives a "
                "restart and is backed up.",
            .why = "Databases and backups fail on a full disk, some of them with damage.",
        },
        Rule{
            .name = "filesystem_filling",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_used_ratio, 0.9),
                       below(metric::filesystem_used_ratio, 0.95), writable},
            .hold = 5 * minute,
            .summary = "Filesystem {subject} is {value:percent} full.",
            .advice = "du -xh --max-depth=2 {id} | sort -h | tail shows what takes the room. Make "
                      "room or enlarge it this week.",
            .why = "At 95% it becomes critical.",
        },
        Rule{
            .name = "filesystem_full_within_day",
            .severity = Severity::critical,
            .subject = SubjectKind::filesystem,
            .all_of = {within(metric::filesystem_full_at_timestamp_seconds, day), in_use, writable},
            .hold = hour,
            .summary = "Filesystem {subject} will be full in {value:duration} if it goes on like "
                       "this.",
            .advice = "Something writes fast: du -xh --max-depth=2 {id} | sort -h | tail, lsof +f "
                      "-- {id}. Stop it or make room tonight.",
            .why = "For an hour, and 60% full already, so that one big copy is no alarm.",
        },
        Rule{
            .name = "filesystem_full_within_days",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {within(metric::filesystem_full_at_timestamp_seconds, 3 * day), in_use,
                       unless(within(metric::filesystem_full_at_timestamp_seconds, day)), writable},
            .hold = 2 * hour,
            .summary = "Filesystem {subject} will be full in {value:duration} if it goes on like "
                       "this.",
            .advice = "du -xh --max-depth=2 {id} | sort -h | tail shows what takes the room. Make "
                      "room or enlarge it before the weekend.",
            .why = "Three days span a weekend.",
        },
        Rule{
            .name = "filesystem_inodes_low",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {at_least(metric::filesystem_inodes_used_ratio, 0.9), writable},
            .hold = 5 * minute,
            .summary = "Filesystem {subject} has used {value:percent} of its inodes.",
            .advice = "Soon no file can be created, however much room is left. du --inodes -x "
                      "--max-depth=2 {id} | sort -n | tail shows where the many small files are.",
            .why = "The number of inodes is fixed when the filesystem is made.",
        },
        Rule{
            .name = "filesystem_ephemeral",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_ephemeral, 1),
                       at_least(metric::filesystem_used_ratio, 0.02),
                       unless(is(metric::filesystem_backed_up, 1))},
            .summary =
                "Filesystem {subject} holds data on a disk that does not survive the machine "
                "being moved or stopped, and no backup covers it.",
            .advice = "Whatever must not be lost has to leave {id} now: to a persistent disk, or "
                      "into a backup whose covers names it. Only scratch data may stay.",
            .why = "A shop lost 41 days of data this way. An empty one (below 2% used) is let be.",
        },
        Rule{
            .name = "filesystem_not_backed_up",
            .severity = Severity::warning,
            .subject = SubjectKind::filesystem,
            .all_of = {is(metric::filesystem_backed_up, 0),
                       unless(is(metric::filesystem_ephemeral, 1))},
            .summary = "Filesystem {subject} is named in no backup's covers.",
            .advice =
                "If a backup holds it, say so in /etc/lastgood/lastgood.toml: [[backup]] with "
                "covers = [\"{id}\"] (lastgood config discover finds repositories). If none "
                "does, make one.",
            .why = "Backups that were switched off \"for a while\" were missing for two and a half "
                   "years.",
        },
    };
}

}  // namespace lastgood::table
