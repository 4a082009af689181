#include "core/metrics/data.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> data_rules() {
    const auto copies = [](std::vector<std::string_view> domains) {
        return Operand(metric::data_copies, "domain", std::move(domains), Pick::sum);
    };
    return {
        Rule{
            .name = "data_not_backed_up",
            .severity = Severity::warning,
            .subject = SubjectKind::data,
            .all_of = {present(metric::data_size_bytes), is(metric::data_backed_up, 0),
                       unless(is(metric::data_told_by_filesystem, 1))},
            .summary = "No backup has {subject}, at least {value:size}.",
            .advice = "Look for a backup of it: lastgood config discover\n"
                      "Add {path} to the covers of that backup in {config}.\n"
                      "Apply it: {reload}\n"
                      "If there is no backup, make one; if it needs none, name it in "
                      "not_backed_up.",
            .why = "A backup of a part of a filesystem hides that the rest has none. Where no "
                   "backup has any of the filesystem, that has the finding, and this one is not "
                   "raised, unless the setting precious names the data.",
        },
        Rule{
            .name = "data_on_one_drive",
            .severity = Severity::warning,
            .subject = SubjectKind::data,
            .all_of = {present(metric::data_size_bytes),
                       at_least(copies({"same-filesystem", "same-drive"}), 1),
                       unless(at_least(copies({"same-host", "off-host", "unknown"}), 1))},
            .summary = "One drive alone has {subject}, at least {value:size}, and its copies.",
            .advice = "See its backups: lastgood status '{path}'\n"
                      "Copy them to another machine, too.\n"
                      "Name that copy as a [[backup]] of its own in {config}.\n"
                      "Apply it: {reload}",
            .why = "If the drive dies, the data dies with every copy. Only fresh copies of all of "
                   "it count; one whose place or state cannot be told keeps this from being "
                   "raised.",
        },
        Rule{
            .name = "data_only_as_files",
            .severity = Severity::warning,
            .subject = SubjectKind::data,
            .all_of = {present(metric::data_size_bytes), is(metric::data_server_running, 1),
                       present(Operand(metric::data_backup, "content", {"files"})),
                       unless(present(
                           Operand(metric::data_backup, "content", {"database", "unknown"})))},
            .summary = "No dump of {subject}, at least {value:size}: only a running server's "
                       "files.",
            .advice = "Dump it each night with the database's own tool into a directory that a "
                      "backup has.\n"
                      "Name the dumps as a [[backup]] that covers {path} in {config}.\n"
                      "Apply it: {reload}",
            .why = "Files that are copied while the server writes to them do not fit together: the "
                   "database may not start from them. A snapshot of all its filesystems at once is "
                   "sound; accept the finding if your backup takes one.",
        },
    };
}

}  // namespace lastgood::table
