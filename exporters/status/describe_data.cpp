// Data that is worth a backup.
#include <fmt/format.h>

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
    return "not known where its copies lie";
}

// "1 off this host": what follows the number.
std::string_view count_words(std::string_view domain) {
    if (domain == "same-filesystem") return "on the same filesystem";
    if (domain == "same-drive") return "on the same drive";
    if (domain == "same-host") return "on other drives";
    if (domain == "off-host") return "off this host";
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

}  // namespace

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
    const auto backed_up = data.take(metric::data_backed_up);
    const auto told = data.take(metric::data_told_by_filesystem);
    const auto waived = data.take_all(metric::data_backup_waived);
    const Cover cover = data.judgements().cover_of(data.subject());
    std::string text = cover.word;
    if (!backed_up)
        text = waived.empty() ? "not asked for" : "not asked for: not_backed_up names it";
    if (cover.word == "no") text = "no: no backup covers it";
    data.row("backed up",
             sentence_of({text, told == 1   ? "no backup covers anything of its filesystem"
                                : told == 0 ? "told apart from its filesystem"
                                            : ""}));
}

}  // namespace lastgood
