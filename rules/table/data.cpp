#include "core/metrics/data.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

Condition moved() {
    return present(metric::data_moved_timestamp_seconds);
}
Condition dropped() {
    return present(metric::data_dropped_timestamp_seconds);
}

Operand copies(std::vector<std::string_view> domains) {
    return {metric::data_copies, "domain", std::move(domains), Pick::sum};
}

// No copy would outlive the drives of the data. Those on a temporary disk do not last either.
Rule on_its_drives(std::string_view name, std::vector<std::string_view> domains, Condition drives,
                   std::string_view summary, std::string_view why) {
    return Rule{
        .name = name,
        .severity = Severity::warning,
        .subject = SubjectKind::data,
        .all_of = {present(metric::data_size_bytes), at_least(copies(std::move(domains)), 1),
                   unless(at_least(copies({"same-host", "off-host", "unknown"}), 1)),
                   std::move(drives)},
        .summary = summary,
        .advice =
            "See its backups: lastgood status '{path}'\n"
            "Copy them to another machine, too.\n"
            "Name that copy as a [[backup]] of its own in {config}.\n"
            "Apply it: {reload}",
        .also = {"bound"},
        .also_of = metric::data_size_incomplete,
        .why = why,
    };
}

Rule only_a_part(std::string_view name, Severity severity, double precious) {
    return Rule{
        .name = name,
        .severity = severity,
        .subject = SubjectKind::data,
        .all_of = {is(metric::data_partly_backed_up, 1), present(metric::data_size_bytes),
                   is(metric::data_precious, precious)},
        .summary = "Backups have only a part of {subject}.",
        .advice =
            "See which part: lastgood status '{path}'\n"
            "Let a backup have all of {path}, and name that in covers in {config}.\n"
            "Apply it: {reload}\n"
            "If the rest needs none, accept this with the reason: lastgood accept",
        .why =
            "What precious names must be in a backup as a whole. Of other data it cannot be "
            "told whether the rest matters. Several backups that have all of it between them "
            "are enough, and so are those of every file and directory that lies in it.",
    };
}

Rule word_has_ended() {
    return elsewhere_ended(
        "data_elsewhere_ended", metric::data_elsewhere_until_timestamp_seconds,
        {unless(is(metric::data_told_by_filesystem, 1))},
        "Nothing here sees that backup. A word for it holds for a year at most; "
        "then somebody must ask again. It is told of the declared path, not of all "
        "that lies below it.");
}

Rule declared_link() {
    return Rule{
        .name = "declared_link",
        .severity = Severity::warning,
        .subject = SubjectKind::data,
        .all_of = {is(metric::data_link, 1)},
        .summary = "{subject} is declared by a symbolic link: its target does not count.",
        .advice =
            "See where it leads: ls -ld {path}\n"
            "Name the target in [[declared_elsewhere]] in {config}, if it is what was "
            "meant.\n"
            "Apply it: {reload}",
        .why =
            "Whoever may replace the path by a link says what is declared. Where it led "
            "when it was declared cannot be told. A link on the way counts if only root can "
            "make another of it, or if it leads to what belongs to the link's own user.",
    };
}

Rule on_temporary_disk() {
    return Rule{
        .name = "data_on_temporary_disk",
        .severity = Severity::critical,
        .subject = SubjectKind::data,
        .all_of = {present(metric::data_size_bytes), is(metric::data_ephemeral, 1),
                   is(metric::data_backed_up, 0), unless(moved())},
        .summary = "{subject}, {bound|}{value:size}, lies on a temporary disk, in no backup.",
        .advice =
            "Copy it to a persistent disk now; a move of the machine deletes it.\n"
            "Move it there for good, or name {path} in the covers of a backup.\n"
            "Apply it: {reload}\n"
            "If it may be lost at any time, name it in not_backed_up in {config}.",
        .also = {"bound"},
        .also_of = metric::data_size_incomplete,
        .why =
            "A shop moved its data to the cloud's temporary disk; 41 days later the machine "
            "was moved, and all was gone. A backup of / does not take it. Of what nobody "
            "knows, less than 64 MiB are not told.",
    };
}

Rule moved_away() {
    return Rule{
        .name = "data_moved",
        .severity = Severity::critical,
        .subject = SubjectKind::data,
        .all_of = {moved()},
        .summary = "{subject} moved to {to|elsewhere}, {value:time}: no backup has it.",
        .advice =
            "See where it lies now: ls -ld {path}\n"
            "Move it back, or add its new place to the covers of a backup in {config}.\n"
            "Apply it: {reload}\n"
            "If it needs none there, name that place in not_backed_up.",
        .also = {"to", "backup"},
        .also_of = metric::data_moved_timestamp_seconds,
        .why =
            "A link, or a mount in its place, leads to a disk that the backup does not take. "
            "The backup stays green: it copies the link, or an empty directory.",
    };
}

Rule dropped_by_backups() {
    return Rule{
        .name = "data_dropped",
        .severity = Severity::critical,
        .subject = SubjectKind::data,
        .all_of = {age_of(metric::data_dropped_timestamp_seconds), unless(moved())},
        .summary = "{subject} lost its backup {backup|one}, {value:duration} ago: no other.",
        .advice =
            "See what changed in [[backup]] in {config}.\n"
            "Add {path} to the covers of a backup that has it.\n"
            "Apply it: {reload}\n"
            "If it needs none, name it in not_backed_up.",
        .also = {"backup"},
        .also_of = metric::data_dropped_timestamp_seconds,
        .why =
            "Backups that were switched off \"for a while\" were missing for two and a half "
            "years. It is told until a backup has the data again, however long.",
    };
}

Rule missing() {
    return Rule{
        .name = "data_missing",
        .severity = Severity::warning,
        .subject = SubjectKind::data,
        .all_of = {is(metric::data_missing, 1)},
        .hold = 10 * minute,
        .summary = "{subject} {why|is not there}: nothing can copy it.",
        .advice =
            "See whether it was moved, or is not mounted: findmnt\n"
            "Correct precious or [[declared_elsewhere]] in {config}.\n"
            "Apply it: {reload}",
        .also = {"why"},
        .also_of = metric::data_missing,
        .why =
            "The configuration names this path, and there is none. Data that was moved is "
            "watched by nobody; a mount point whose disk is not mounted is not the data.",
    };
}

Rule only_as_files() {
    return Rule{
        .name = "data_only_as_files",
        .severity = Severity::warning,
        .subject = SubjectKind::data,
        .all_of = {present(metric::data_size_bytes), is(metric::data_server_running, 1),
                   present(Operand(metric::data_backup, "content", {"files"})),
                   unless(
                       present(Operand(metric::data_backup, "content", {"database", "unknown"})))},
        .summary =
            "No dump of {subject}, {bound|}{value:size}: only a running server's "
            "files.",
        .advice =
            "Dump it each night with the database's own tool into a directory that a "
            "backup has.\n"
            "Name the dumps as a [[backup]] that covers {path} in {config}.\n"
            "Apply it: {reload}",
        .also = {"bound"},
        .also_of = metric::data_size_incomplete,
        .why =
            "Files that are copied while the server writes to them do not fit together: the "
            "database may not start from them. A snapshot of all its filesystems at once is "
            "sound; accept the finding if your backup takes one.",
    };
}

Rule only_paused() {
    return Rule{
        .name = "data_backups_paused",
        .severity = Severity::warning,
        .subject = SubjectKind::data,
        .all_of = {present(
            Operand(metric::data_paused_until_timestamp_seconds, {}, {}, Pick::smallest))},
        .summary = "{subject} has only paused backups: no new copy before {value:time}.",
        .advice =
            "See which backups, who paused them, and why: lastgood status '{path}'\n"
            "Copy by hand what must not be lost until then.\n"
            "As soon as the job runs again, remove paused_until in {config}.\n"
            "Apply it: {reload}",
        .why =
            "Told each day of the pause by the name of the data: backups that were switched off "
            "\"for a while\" were missing for two and a half years.",
    };
}

}  // namespace

std::vector<Rule> data_rules() {
    return {
        on_temporary_disk(),
        moved_away(),
        dropped_by_backups(),
        only_paused(),
        Rule{
            .name = "data_not_backed_up",
            .severity = Severity::warning,
            .subject = SubjectKind::data,
            .all_of = {present(metric::data_size_bytes), is(metric::data_backed_up, 0),
                       unless(is(metric::data_told_by_filesystem, 1)),
                       unless(is(metric::data_ephemeral, 1)), unless(moved()), unless(dropped())},
            .summary = "No backup has {subject}, {bound|}{value:size}.",
            .advice = "Look for a backup that has it: lastgood config discover\n"
                      "If its copies hold {path}, add that to its covers in {config}.\n"
                      "Apply it: {reload}\n"
                      "If none has it, make one; if it needs none, name it in not_backed_up.",
            .also = {"bound"},
            .also_of = metric::data_size_incomplete,
            .why = "A backup of a part of a filesystem hides that the rest has none. Where no "
                   "backup has any of the filesystem, that has the finding, and this one is not "
                   "raised, unless the setting precious names the data.",
        },
        only_a_part("precious_partly_backed_up", Severity::warning, 1),
        only_a_part("data_partly_backed_up", Severity::unknown, 0),
        word_has_ended(),
        missing(),
        declared_link(),
        on_its_drives(
            "data_on_one_drive", {"same-filesystem", "same-drive", "ephemeral"},
            is(metric::data_drives, 1),
            "One drive alone has {subject}, {bound|}{value:size}, and every lasting copy.",
            "If the drive dies, the data dies with every copy. Only fresh copies of all "
            "of it count, none on a temporary disk; one whose place or state cannot be "
            "told keeps this from being raised."),
        on_its_drives("data_on_same_drives", {"same-filesystem", "same-drive"},
                      unless(is(metric::data_drives, 1)),
                      "{subject}, {bound|}{value:size}, shares its drives with every lasting copy.",
                      "The array that the data lies on has its copies, too: what destroys the one "
                      "destroys the others. Copies count as for data_on_one_drive."),
        only_as_files(),
    };
}

}  // namespace lastgood::table
