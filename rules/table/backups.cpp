#include "core/metrics/backups.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> backup_rules() {
    // What merely shows that something changed proves no backup: it never makes a stale one fresh.
    const Operand newest(metric::backup_newest_timestamp_seconds, "confidence",
                         {"exact", "inferred"});
    const Operand& any_newest = metric::backup_newest_timestamp_seconds;
    const Operand& max_age = metric::backup_max_age_seconds;
    const auto unreadable = is(metric::backup_readable, 0);
    return {
        Rule{
            .name = "backup_never_made",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {present(metric::backup_info), unless(present(any_newest)),
                       unless(unreadable), unless(is(metric::backup_incomplete, 1))},
            .summary = "Backup {subject} has never been made: there is no finished copy at "
                       "{location|its place}.",
            .advice = "Run it by hand now and read what it says. If it writes elsewhere, mend its "
                      "place in /etc/lastgood/lastgood.toml (lastgood config check; lastgood "
                      "collect backups).",
            .why = "No copy at all: any loss is total.",
        },
        Rule{
            .name = "backup_unproven",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {present(metric::backup_info), present(any_newest), unless(present(newest)),
                       unless(unreadable)},
            .summary = "Backup {subject}: something changes at {location|its place}, but nothing "
                       "proves that a backup was finished.",
            .advice = "Give lastgood something to go by: for borg name the client's "
                      "cache_directory, or let the job touch a file when it has succeeded and "
                      "name that as stamp, in /etc/lastgood/lastgood.toml.",
            .why = "Deleting, compacting and renaming change a repository too: an alert that "
                   "believed them came never, with a newest archive six months old.",
        },
        Rule{
            .name = "backup_too_old",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(newest, max_age),
                       unless(older_than_other(newest, max_age, 3 * day)), unless(unreadable)},
            .summary =
                "Backup {subject} is too old: its newest copy was made {value:duration} ago.",
            .advice =
                "Look why the last run failed: systemctl list-timers --all; journalctl -u its "
                "unit, or its log; room at {location|its place} (df -h). Run it by hand, and "
                "do no risky work before a fresh copy is there.",
            .why = "The newest copy is older than its max_age. Only times that a finished backup "
                   "alone leaves behind count.",
        },
        Rule{
            .name = "backup_far_too_old",
            .severity = Severity::critical,
            .subject = SubjectKind::backup,
            .all_of = {older_than_other(newest, max_age, 3 * day), unless(unreadable)},
            .summary = "Backup {subject} has failed for days: its newest copy was made "
                       "{value:duration} ago.",
            .advice = "Make a copy tonight, by any means: run it by hand, or dump and rsync to "
                      "another machine. Then find out why nobody noticed: systemctl list-timers "
                      "--all, its log, room at {location|its place}.",
            .why = "Three days over max_age: the job is not late but broken.",
        },
        Rule{
            .name = "backup_incomplete",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(metric::backup_incomplete, 1), unless(unreadable)},
            .summary =
                "Backup {subject}: its newest copy is truncated, empty or ended in an error.",
            .advice = "It cannot be restored from. Look at its log and at the room at "
                      "{location|its place} (df -h), run it again, and keep the last complete copy "
                      "from being rotated away.",
            .why = "The copy before it still stands; when that grows older than max_age, "
                   "backup_too_old says so.",
        },
        Rule{
            .name = "backup_too_small",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {below_other(metric::backup_size_bytes, metric::backup_min_size_bytes),
                       unless(unreadable)},
            .summary = "Backup {subject}: its newest copy has only {value:size}.",
            .advice = "Was the source mounted and complete when it was backed up? Look into the "
                      "copy, then run it again. If the data really shrank, lower min_size in "
                      "/etc/lastgood/lastgood.toml.",
            .why = "A source that was not mounted makes a fresh, worthless copy.",
        },
        Rule{
            .name = "backup_unreadable",
            .severity = Severity::unknown,
            .subject = SubjectKind::backup,
            .all_of = {unreadable},
            .summary = "Backup {subject} could not be looked at: {location|its place} cannot be "
                       "read.",
            .advice =
                "Whether there is a good copy is unknown. Is the place mounted, does the path "
                "exist, may lastgood read it? lastgood collect backups says what failed.",
            .why = "Unreadable is not stale, and not fine either.",
        },
        Rule{
            .name = "backup_from_future",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {later_than(newest, hour), unless(unreadable)},
            .summary = "Backup {subject}: its newest copy bears a time {value:duration} in the "
                       "future.",
            .advice = "One of the clocks is wrong: compare date -u here and where it was made "
                      "(timedatectl; chronyc tracking). Until that is mended its age means "
                      "nothing, and it will not be reported as too old.",
            .why = "An hour forgives a time zone's summer time and small skew; more hides a stale "
                   "backup.",
        },
        Rule{
            .name = "backup_beside_source",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {is(
                Operand(metric::backup_failure_domain, "domain", {"same-filesystem", "same-drive"}),
                1)},
            .summary = "Backup {subject} lies on the same drive as what it covers: they die "
                       "together.",
            .advice =
                "Copy {location|it} to another machine as well, and name that copy as a "
                "[[backup]] of its own. Against a deleted file this one helps; against a dead "
                "drive or a rolled-back disk it does not.",
            .why = "A site lost ten hours of writes because its backups lay on the server's own "
                   "disk.",
        },
        Rule{
            .name = "backup_lock_old",
            .severity = Severity::warning,
            .subject = SubjectKind::backup,
            .all_of = {older_than(metric::backup_lock_timestamp_seconds, day)},
            .summary = "Backup {subject}: its repository has been locked for {value:duration}.",
            .advice =
                "A job hangs, or died and left its lock: every later one waits. Look for the "
                "process (ps aux | grep -E 'restic|borg|pgbackrest'); if there is none, on no "
                "machine, remove the lock: restic unlock, borg break-lock.",
            .why = "restic renews its lock every 5 minutes; borg's rarely lasts a day.",
        },
    };
}

}  // namespace lastgood::table
