// The table of data that is worth a backup.
#include <fmt/core.h>

#include <algorithm>

#include "core/metrics/data.hpp"
#include "exporters/status/table_parts.hpp"

namespace lastgood {

namespace {

// By its findings, because only the rules say what cannot be told.
bool has_finding(const Subject& data, std::string_view rule) {
    return std::ranges::any_of(data.findings,
                               [&](const Finding* finding) { return finding->rule == rule; });
}

}  // namespace

Table data_table(const TableContext& context) {
    Table table;
    table.header = {{"DATA", Colour::bold}, {"what"}, right("size"), {"backup"}, {""}};
    table.steps = {{4, Fit::below}, {2, Fit::drop}};
    std::vector<std::pair<int, Row>> ranked;
    for (const Subject* data : context.judge.facts().of(SubjectKind::data)) {
        const Judgement judgement = context.judge.of(*data);
        const State shown = state_of(*data, judgement, context.judge.now());
        const Observation* size = data->first(metric::data_size_bytes);
        const bool more = data->value(metric::data_size_incomplete) == 1;
        std::vector<std::string> remarks;
        const std::string cover = context.judge.cover_of(*data).word;
        if (const Observation* waived = data->first(metric::data_backup_waived);
            waived && cover.starts_with("no")) {  // a backup has it all the same
            const std::string reason = harmless(waived->label("reason"));
            remarks.push_back("no backup, by your word" + (reason.empty() ? "" : ": " + reason));
        }
        if (std::string word = elsewhere_remark(
                *data, metric::data_elsewhere_until_timestamp_seconds, context.judge.now());
            !word.empty())
            remarks.push_back(std::move(word));
        if (const Observation* missing = data->first(metric::data_missing))
            remarks.emplace_back(missing->label("why") == "is not mounted"
                                     ? "not mounted"
                                     : "there is no such path");
        if (data->value(metric::data_ephemeral) == 1) remarks.emplace_back("on a temporary disk");
        if (const auto* moved = data->first(metric::data_moved_timestamp_seconds))
            remarks.push_back("moved to " + harmless(moved->label("to")));
        if (const auto* dropped = data->first(metric::data_dropped_timestamp_seconds))
            remarks.push_back(fmt::format("in {} until {}", harmless(dropped->label("backup")),
                                          format_day(dropped->value)));
        if (data->first(metric::data_link)) remarks.emplace_back("a link, which does not count");
        if (has_finding(*data, "data_on_one_drive")) remarks.emplace_back("on one drive only");
        if (has_finding(*data, "data_on_same_drives"))
            remarks.emplace_back("with its copies on the same drives");
        add_related(remarks, judgement);
        Row row;
        row.cells = {state_cell(shown, context),
                     {data->name()},
                     right(size ? (more ? "> " : "") + size_text(size->value) : ""),
                     {cover},
                     {joined(remarks)}};
        row.plain = shown.word == "fine" && remarks.empty();
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "piece of data", context);
    return table;
}

}  // namespace lastgood
