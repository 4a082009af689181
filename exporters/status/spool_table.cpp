// The table of spools.
#include <fmt/core.h>

#include <cmath>

#include "core/metrics/spools.hpp"
#include "exporters/status/table_parts.hpp"

namespace lastgood {

namespace {

std::string flow_of(const Subject& spool, Timestamp now) {
    const auto growth = spool.value(metric::spool_growth_per_minute);
    const auto empty_at = spool.value(metric::spool_empty_at_timestamp_seconds);
    const auto still = spool.value(metric::spool_still_since_timestamp_seconds);
    const auto pause = spool.value(metric::spool_max_pause_seconds);
    if (still && pause && now - *still > *pause)
        return fmt::format(
            "nothing leaves it for {}{}", short_age(now - *still),
            growth.value_or(0) >= 1 ? fmt::format(", {:.0f} come a minute", *growth) : "");
    if (growth && *growth >= 1) return fmt::format("grows by {:.0f} a minute", *growth);
    if (empty_at && *empty_at > now) return "empty in " + short_age(*empty_at - now);
    return "";
}

}  // namespace

Table spool_table(const TableContext& context) {
    Table table;
    table.header = {{"SPOOL", Colour::bold}, {"name"},        right("entries"),
                    right("size"),           right("oldest"), {""}};
    table.steps = {{5, Fit::below}, {3, Fit::drop}};
    const Timestamp now = context.judge.now();
    std::vector<std::pair<int, Row>> ranked;
    for (const Subject* spool : context.judge.facts().of(SubjectKind::spool)) {
        const State shown = state_of(*spool, context.judge.of(*spool), now);
        const auto count = spool->value(metric::spool_count);
        const auto oldest = spool->value(metric::spool_oldest_timestamp_seconds);
        const bool more = spool->value(metric::spool_count_incomplete) == 1;
        const std::string bound = more ? "> " : "";
        Row row;
        const std::string flow = flow_of(*spool, now);
        row.cells = {state_cell(shown, context),
                     {spool->name()},
                     right(count ? fmt::format("{}{:.0f}", bound, *count) : ""),
                     right(count ? bound + size_text(spool->value(metric::spool_size_bytes)) : ""),
                     right(oldest ? bound + short_age(std::max(now - *oldest, 0.0)) : ""),
                     {flow}};
        row.plain = shown.word == "fine" && flow.empty();
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "spool", context);
    return table;
}

}  // namespace lastgood
