#include "exporters/status/table_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/words.hpp"

namespace lastgood {

Cell state_cell(const State& state, const TableContext& context) {
    if (context.past)
        return {"was " + state.word, state.colour == Colour::green ? Colour::none : state.colour};
    return {state.word, state.colour};
}

Cell right(std::string text) {
    return {std::move(text), Colour::none, true};
}

std::string size_text(std::optional<double> bytes) {
    if (!bytes) return "";
    std::string text = format_size(*bytes);
    if (const size_t zero = text.find(".0 "); zero != std::string::npos) {
        text.erase(zero, 2);
    }
    return text;
}

std::string joined(const std::vector<std::string>& parts) {
    return fmt::format("{}", fmt::join(parts, ", "));
}

void add_related(std::vector<std::string>& parts, const Judgement& judgement) {
    for (const Reason& reason : judgement.reasons) {
        if (reason.related == nullptr || reason.related->kind == SubjectKind::backup) continue;
        std::string part = fmt::format(
            "{} {}", reason.related->name(),
            state_word(reason.finding ? health_of(reason.finding->severity) : reason.health));
        if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
    }
}

std::string elsewhere_remark(const Subject& subject, const Metric& until, Timestamp now) {
    const Observation* one = subject.first(until);
    if (one == nullptr || one->value <= now) return {};
    return fmt::format("backup elsewhere, by {}'s word", harmless(one->label("owner")));
}

void finish(Table& table, std::vector<std::pair<int, Row>>& ranked) {
    std::ranges::stable_sort(ranked,
                             [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [rank, row] : ranked) {
        table.rows.push_back(std::move(row));
    }
}

std::string fold_text(const Table& table, std::string_view noun, const TableContext& context) {
    const size_t plain = table.plain_rows();
    const bool all = plain == table.rows.size();
    std::string nouns(noun);  // "drives", "pieces of data"
    if (plain != 1) nouns.insert(std::min(nouns.find(' '), nouns.size()), "s");
    return fmt::format("{} {}{}, {}fine{}", plain, all ? "" : "more ", nouns,
                       plain == 1 ? "" : "all ", context.past ? " then" : "");
}

}  // namespace lastgood
