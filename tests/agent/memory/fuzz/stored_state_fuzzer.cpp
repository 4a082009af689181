// The input is the rows of a database that anybody may have changed: one on each line, its fields
// apart by tabs, the table as a digit first. Whatever they are, the state, the report made from it
// and every text made from that have only numbers within their limits.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/memory/history.hpp"
#include "agent/memory/losses.hpp"
#include "agent/memory/snapshot.hpp"
#include "agent/memory/state.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/exposition.hpp"
#include "exporters/status/view.hpp"

namespace {

using namespace lastgood;

constexpr Timestamp now = 1'790'000'000;

void require(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "what line %d requires does not hold\n", line);
    std::abort();
}

std::vector<StateRow> rows_of(std::string_view text) {
    std::vector<StateRow> rows;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const auto field = [&] { return std::string(take_until(line, '\t')); };
        const std::string table = field();
        const int number = table.empty() ? 0 : (table[0] & 0x7f) % 7;
        StateRow row{static_cast<StateRow::Table>(number), field(), field(), field(), 0, 0, false};
        row.number1 = std::strtod(field().c_str(), nullptr);  // also "inf" and "nan"
        row.number2 = std::strtod(field().c_str(), nullptr);
        rows.push_back(std::move(row));
    }
    return rows;
}

// What is saved of a loaded state is not rejected when it is loaded again.
void expect_sane(const State& state) {
    for (const StateRow& row : state.all_rows()) {
        require(std::isfinite(row.number1) && std::isfinite(row.number2));
        require(std::abs(row.number1) <= value_limit && std::abs(row.number2) <= value_limit);
    }
    State again;
    require(again.load(state.all_rows()).rows == 0);
    require(again.all_rows().size() == state.all_rows().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto rows = rows_of({reinterpret_cast<const char*>(data), size});
    State state;
    const Rejected rejected = state.load(rows);
    require(rejected.rows <= rows.size());
    expect_sane(state);
    note_losses(state, {{rows, {}}, false, true}, rejected, now);
    // Counting goes on, on top of whatever was there.
    const std::map<Series, Value> counters = state.counters();
    for (const auto& [series, value] : counters) {
        const Observation more{series.metric, series.subject, series.labels, value_limit, now};
        require(state.increment(more));
        note_growth(state, more, true);
    }
    expect_sane(state);

    Report report;
    report.written_at = now;
    report.watched_since = state.watched_since();
    report.observations = observe_all({}, state, Config(), {}, now);
    for (const Observation& one : report.observations) require(why_not_valid(one).empty());
    RuleMemory memory = state.rule_memory();
    report.findings = evaluate(all_rules(), report.observations, now, memory);
    for (const Finding& finding : report.findings)
        require(std::isfinite(finding.value) && std::isfinite(finding.since));
    add_losses(state, report.findings, report.problems);
    const auto read = parse_report(to_json(report));
    require(read && read->observations == report.observations &&
            read->findings.size() == report.findings.size());
    const std::string exposition = to_exposition(report, true);
    for (std::string_view text = exposition; !text.empty();) {
        const std::string_view line = take_line(text);
        const std::string_view value = line.substr(line.rfind(' ') + 1);
        require(line.starts_with('#') || (value != "+Inf" && value != "-Inf" && value != "Nan"));
    }
    render_status(report, now, {});
    return 0;
}
