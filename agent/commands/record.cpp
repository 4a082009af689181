#include "agent/commands/record.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "agent/commands/caller.hpp"
#include "agent/requests.hpp"
#include "core/clock.hpp"
#include "core/facts.hpp"
#include "core/metrics/backups.hpp"
#include "core/print.hpp"
#include "core/report.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

int refuse(const std::string& why) {
    print_error(fmt::format("lastgood record: {}", why));
    return 3;
}

int say(std::string_view text) {
    return print_text(text) ? 0 : 3;
}

std::string list_backups(const Config& config) {
    std::string names;
    for (const Backup& backup : config.backups) names += (names.empty() ? "" : ", ") + backup.name;
    return names.empty() ? "the configuration has no [[backup]]" : "the configuration has " + names;
}

std::string recorded(const Subject* backup, const Metric& metric, std::string_view what) {
    if (backup == nullptr || !backup->value(metric)) return fmt::format("  never {}\n", what);
    std::string text = fmt::format("  {} {}", what, format_time(*backup->value(metric)));
    for (const Observation* one : backup->observations)
        if (one->metric == &metric::backup_record_timestamp_seconds && one->label("what") == what)
            text +=
                fmt::format(", by {}{}{}", harmless(one->label("by")),
                            one->label("note").empty() ? "" : ": ", harmless(one->label("note")));
    return text + "\n";
}

int list(const Config& config, const RecordOptions& options) {
    if (config.backups.empty()) return say("The configuration has no [[backup]].\n");
    const auto report = read_report(report_path(config));
    if (!report) return refuse(report.error().message);
    const Facts facts(*report);
    std::string text;
    for (const Backup& backup : config.backups) {
        const Subject* subject = facts.find(SubjectKind::backup, backup.name);
        text += fmt::format(
            "{}\n{}{}", backup.name,
            recorded(subject, metric::backup_verified_timestamp_seconds, record_verified),
            recorded(subject, metric::backup_restored_timestamp_seconds, record_restored));
    }
    return say(text + fmt::format("To record one: lastgood record verified {} --note \"...\"{}\n",
                                  config.backups.front().name, options.config_option));
}

}  // namespace

int run_record(const Config& config, const RecordOptions& options) {
    if (options.what.empty()) return list(config, options);
    if (options.what != record_verified && options.what != record_restored)
        return refuse(fmt::format("\"{}\" can not be recorded; write verified or restored",
                                  harmless(options.what)));
    const bool known =
        std::ranges::find(config.backups, options.backup, &Backup::name) != config.backups.end();
    if (!known)
        return refuse(options.backup.empty()
                          ? fmt::format("name a backup; {}", list_backups(config))
                          : fmt::format("there is no backup \"{}\"; {}", harmless(options.backup),
                                        list_backups(config)));
    const CopyRecord record{options.what, options.backup, wall_clock(), caller(),
                            harmless(options.note)};
    if (record.note.size() > record_note_limit)
        return refuse(fmt::format("a note has at most {} bytes", record_note_limit));
    if (const auto asked = ask_to_record(config, record); !asked)
        return refuse(asked.error().message);
    return say(
        fmt::format("Recorded: backup {} was {} by {}.\nlastgood status {} shows it within 15 s.\n",
                    record.backup, record.what, record.by, record.backup));
}

}  // namespace lastgood
