// Data that is worth a backup.
#include <fmt/core.h>

#include "core/metrics/data.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

std::string where(std::string_view domain) {
    if (domain == "same-filesystem") return "copies on the same filesystem";
    if (domain == "same-drive") return "copies on the same drive";
    if (domain == "same-host") return "copies on other drives of this host";
    if (domain == "off-host") return "copies on another host";
    if (domain == "ephemeral") return "copies on a TEMPORARY disk";
    return "not known where its copies lie";
}

// "1 off this host": what follows the number.
std::string_view count_words(std::string_view domain) {
    if (domain == "same-filesystem") return "on the same filesystem";
    if (domain == "same-drive") return "on the same drive";
    if (domain == "same-host") return "on other drives";
    if (domain == "off-host") return "off this host";
    if (domain == "ephemeral") return "on a TEMPORARY disk, which is no second copy";
    return "of which that cannot be told";
}

// "db8 (fine) of /home/anna: copies on another host"
void add_backup(Description& data, const Observation& one) {
    const Judge& judgements = data.judgements();
    const Subject* backup = judgements.facts().find(SubjectKind::backup, one.label("backup"));
    const std::string part = harmless(one.label("part"));
    const std::string name =
        backup ? fmt::format("{} ({})", backup->name(), state_word(judgements.of(*backup).health))
               : harmless(one.label("backup")) + " (nothing is known of it)";
    const std::string via = harmless(one.label("via")), content(one.label("content"));
    data.row("backup",
             sentence_of({fmt::format("{}{}{}: {}", name, part.empty() ? "" : " of " + part,
                                      via.empty() ? "" : ", which has the copies of " + via,
                                      where(one.label("domain"))),
                          content == "database" ? "by the database's own means"
                          : content == "files"  ? "its files"
                                                : ""}));
}

// "one drive only"; "at least 2 drives of this host"; "2 drives of this host, and off this host"
void add_drives(Description& data) {
    const auto drives = data.take(metric::data_drives);
    const bool more = data.take(metric::data_drives_incomplete) == 1;
    if (!drives) return data.row("exists on", more ? "drives that are not all known" : "");
    double off_host = 0;
    for (const Observation* one : data.subject().observations)
        if (one->metric == &metric::data_copies && one->label("domain") == "off-host")
            off_host += one->value;
    const bool only = *drives == 1 && off_host == 0 && !more;
    data.row("exists on", only ? "one drive only"
                               : fmt::format("{}{} of this host{}", more ? "at least " : "",
                                             counted(*drives, "drive", "drives"),
                                             off_host > 0 ? ", and off this host" : ""));
}

}  // namespace

void describe_elsewhere(Description& description, const Metric& until) {
    for (const Observation* one : description.take_all(until))
        description.row(
            "elsewhere",
            fmt::format("{} {}: {}; it {} {}, and nothing here sees that backup",
                        harmless(one->label("owner")),
                        one->value > description.judgements().now() ? "answers for a backup"
                                                                    : "answered for a backup",
                        harmless(one->label("reason")),
                        one->value > description.judgements().now() ? "holds until" : "ended on",
                        format_day(one->value)));
}

void describe_data(Description& data) {
    const auto label = [&](const char* key) { return data.take_label(metric::data_info, key); };
    const std::string title = label("title"), path = label("path"), kind = label("kind");
    data.row("what", title.empty() ? kind : title);
    data.row("lies at", path);
    const std::string filesystem = label("filesystem");
    data.row("lies on", filesystem.empty() ? "" : "filesystem " + filesystem);
    const auto size = data.take(metric::data_size_bytes);
    const bool more = data.take(metric::data_size_incomplete) == 1;
    data.row("size", sentence_of({size ? format_size(*size) : "",
                                  more ? "more than that: not all of it was counted" : ""}));
    for (const Observation* missing : data.take_all(metric::data_missing))
        data.row("missing", missing->label("why") == "is not mounted"
                                ? "its filesystem is NOT mounted"
                                : "there is NO such path");
    const bool ephemeral = data.take(metric::data_ephemeral) == 1;
    data.row("disk", ephemeral ? "TEMPORARY: a move of the machine deletes it" : "");
    for (const Observation* moved : data.take_all(metric::data_moved_timestamp_seconds))
        data.row("moved", fmt::format("to {}, {}: NO backup takes it there; {} had it before",
                                      harmless(moved->label("to")), format_time(moved->value),
                                      harmless(moved->label("backup"))));
    for (const Observation* dropped : data.take_all(metric::data_dropped_timestamp_seconds))
        data.row("dropped",
                 fmt::format("{} had it; since {} NO backup has it",
                             harmless(dropped->label("backup")), format_time(dropped->value)));
    if (const auto paused = data.take(metric::data_paused_until_timestamp_seconds))
        data.row("paused", "all its backups, until " + format_time(*paused));
    for (const Observation* link : data.take_all(metric::data_link))
        data.row("link",
                 fmt::format("leads to {}: that DOES NOT COUNT", harmless(link->label("target"))));
    if (const auto running = data.take(metric::data_server_running))
        data.row("server", *running == 0 ? "none runs on it, as far as it can be seen"
                                         : "runs on it: copies of its files are no backup");
    for (const Observation* one : data.take_all(metric::data_backup)) add_backup(data, *one);
    std::string copies;
    for (const Observation* one : data.take_all(metric::data_copies))
        if (one->value > 0)
            copies += fmt::format("{}{:.0f} {}", copies.empty() ? "" : ", ", one->value,
                                  count_words(one->label("domain")));
    data.row("copies", copies);
    add_drives(data);
    describe_elsewhere(data, metric::data_elsewhere_until_timestamp_seconds);
    const auto backed_up = data.take(metric::data_backed_up);
    const auto partly = data.take(metric::data_partly_backed_up);
    const auto precious = data.take(metric::data_precious);
    const auto told = data.take(metric::data_told_by_filesystem);
    const auto waived = data.take_all(metric::data_backup_waived);
    const Cover cover = data.judgements().cover_of(data.subject());
    std::string text = cover.word;
    if (!backed_up)
        text = waived.empty() ? "not asked for" : "not asked for: not_backed_up names it";
    if (cover.word == "no") text = "no: no backup covers it";
    data.row("backed up", sentence_of({text,
                                       partly == 1   ? "something in it is in NO backup"
                                       : partly == 0 ? "nothing in it is left out"
                                                     : "",
                                       precious == 1   ? "precious sets it"
                                       : precious == 0 ? "found by lastgood"
                                                       : "",
                                       told == 1   ? "no backup covers anything of its filesystem"
                                       : told == 0 ? "told apart from its filesystem"
                                                   : ""}));
}

}  // namespace lastgood
