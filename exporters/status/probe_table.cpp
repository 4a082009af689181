// The table of probes.
#include <fmt/core.h>

#include "core/metrics/probes.hpp"
#include "exporters/status/table_parts.hpp"

namespace lastgood {

Table probe_table(const TableContext& context) {
    Table table;
    table.header = {{"PROBE", Colour::bold}, {"name"},       {"what"},
                    right("last"),           right("usual"), {""}};
    table.steps = {{5, Fit::below}, {4, Fit::drop}, {2, Fit::below}};
    const Timestamp now = context.judge.now();
    std::vector<std::pair<int, Row>> ranked;
    for (const Subject* probe : context.judge.facts().of(SubjectKind::probe)) {
        const State shown = state_of(*probe, context.judge.of(*probe), now);
        const auto last = probe->value(metric::probe_last_seconds);
        const auto asked = probe->value(metric::probe_asked_timestamp_seconds);
        const auto waiting = probe->value(metric::probe_waiting_since_timestamp_seconds);
        std::vector<std::string> remarks;
        if (waiting && now - *waiting > 5)
            remarks.push_back("waits for " + short_age(now - *waiting));
        if (probe->value(metric::probe_idle) == 1)
            remarks.emplace_back("not made: nothing else is written there");
        if (probe->value(metric::probe_failures).value_or(0) > 0)
            remarks.push_back(harmless(probe->label(metric::probe_failures, "why")));
        Row row;
        row.cells = {state_cell(shown, context),
                     {probe->name()},
                     {harmless(probe->label(metric::probe_info, "title"))},
                     right(last && asked ? format_short_time(*last) : ""),
                     right(harmless(probe->label(metric::probe_usual_seconds, "usual"))),
                     {joined(remarks)}};
        row.plain = shown.word == "fine" && remarks.empty();
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "probe", context);
    return table;
}

}  // namespace lastgood
