#include "exporters/status/describe.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

constexpr size_t title_width = 11;

// The metric's name for people: "pending sectors" for lastgood_drive_pending_sectors.
std::string fact_name(const Metric& metric) {
    std::string_view name = metric.name;
    if (name.starts_with("lastgood_")) name.remove_prefix(9);
    const std::string kind = std::string(to_string(metric.subject)) + "_";
    if (name.starts_with(kind)) name.remove_prefix(kind.size());
    for (const std::string_view end :
         {"_timestamp_seconds", "_seconds", "_total", "_ratio", "_bytes", "_celsius"}) {
        if (name.ends_with(end)) {
            name.remove_suffix(end.size());
            break;
        }
    }
    std::string text(name);
    std::ranges::replace(text, '_', ' ');
    return text;
}

// "1 if …", "0 when …": the metric is a yes or a no.
bool is_yes_or_no(const Metric& metric) {
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"1 if ", "0 if ", "1 while ", "1 when ", "0 when "},
        [&](std::string_view start) { return metric.help.starts_with(start); });
}

std::string value_text(const Metric& metric, double value, Timestamp now) {
    const std::string_view name = metric.name;
    if (name.ends_with("_timestamp_seconds")) {
        const Seconds age = now - value;
        return fmt::format("{} ({})", format_time(value),
                           age >= 0 ? short_age(age) + " ago" : short_age(age));
    }
    if (name.ends_with("_seconds")) return format_duration(value);
    if (name.ends_with("_bytes")) return format_size(value);
    if (name.ends_with("_ratio")) return fmt::format("{:.1f}%", value * 100);
    if (name.ends_with("_celsius")) return fmt::format("{} C", number_text(value));
    if (is_yes_or_no(metric) && (value == 0 || value == 1)) return value == 0 ? "no" : "yes";
    return number_text(value);
}

std::string label_text(const Labels& labels) {
    std::string text;
    for (const auto& [key, value] : labels) {
        if (!value.empty())
            text +=
                fmt::format("{}{} {}", text.empty() ? "" : ", ", harmless(key), harmless(value));
    }
    return text;
}

}  // namespace

std::string number_text(double value) {
    return std::abs(value) < 1e15 && value == std::floor(value) ? fmt::format("{:.0f}", value)
                                                                : fmt::format("{:.6g}", value);
}

std::string words_of(std::string_view words) {
    std::string text;
    for (const char one : harmless(words)) {
        text += one == '_' ? ' ' : one;
        if (one == ',') text += ' ';
    }
    return text;
}

std::string percent_text(double ratio) {
    return fmt::format("{:.0f}%", std::floor(ratio * 100 + 1e-9));
}

std::string sentence_of(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
    }
    return text;
}

std::string names_of(const std::vector<const Subject*>& subjects) {
    std::string text;
    for (const Subject* subject : subjects) text += (text.empty() ? "" : ", ") + subject->name();
    return text;
}

Description::Description(const Subject& subject, const Judge& judgements, size_t width, bool colour,
                         Ages ages)
    : subject_(subject),
      judgements_(judgements),
      width_(std::max<size_t>(width, 22)),
      colour_(colour),
      ages_(ages) {}

std::vector<const Observation*> Description::take_all(const Metric& metric) {
    std::vector<const Observation*> found;
    for (const Observation* observation : subject_.observations) {
        if (observation->metric != &metric) continue;
        found.push_back(observation);
        taken_.insert(observation);
    }
    return found;
}

void Description::take(const Observation& observation) {
    taken_.insert(&observation);
}

std::optional<double> Description::take(const Metric& metric) {
    const auto found = take_all(metric);
    return found.empty() ? std::nullopt : std::optional(found.front()->value);
}

std::string Description::take_label(const Metric& metric, std::string_view key) {
    take_all(metric);
    return harmless(subject_.label(metric, key));
}

void Description::row(std::string_view title, std::string_view text) {
    if (text.empty()) return;
    const size_t gap = title.size() < title_width ? title_width - title.size() : 1;
    for (const std::string& line :
         wrap(fmt::format("{}{:{}}{}", title, "", gap, text), width_ - 2, title_width))
        lines.push_back("  " + line);
}

void Description::unknown(std::string_view title, std::string_view text) {
    if (!saved()) row(title, text);
}

void Description::table(const std::vector<std::vector<Cell>>& rows, std::vector<FitStep> steps,
                        size_t names) {
    if (rows.size() < 2) return;
    lines.emplace_back();
    // A title over an empty column would be the only thing in it.
    auto shown = rows;
    for (size_t column = 0; column < rows.front().size(); ++column) {
        if (std::all_of(rows.begin() + 1, rows.end(),
                        [&](const auto& row) { return row[column].text.empty(); }))
            shown.front()[column].text.clear();
    }
    for (const std::string& line : format_table(
             shown,
             {.width = width_ - 2, .steps = std::move(steps), .names = names, .colour = colour_}))
        lines.push_back("  " + line);
}

void Description::add_rest(std::vector<std::vector<Cell>>& rows,
                           const Observation& observation) const {
    const Metric& metric = *observation.metric;
    const std::string labels = label_text(observation.labels);
    constexpr size_t widest_fact = 60;  // letters: the rest of the line is for its value
    std::vector<Cell> row;
    switch (metric.type) {
        case MetricType::info:
            for (const auto& [key, value] : observation.labels) {
                if (!value.empty()) rows.push_back({{harmless(key)}, {harmless(value)}, {""}});
            }
            return;
        case MetricType::state:
            row = {{fact_name(metric)}, {labels}};
            break;
        case MetricType::gauge:
        case MetricType::counter:
            row = {{fact_name(metric) + (labels.empty() ? "" : " (" + labels + ")")},
                   {value_text(metric, observation.value, judgements_.now())}};
            if (row[0].text.size() > widest_fact)
                row = {{fact_name(metric)}, {row[1].text + " (" + labels + ")"}};
            break;
    }
    const bool aged = ages_ == Ages::shown && observation.observed_at > 0;
    row.push_back({aged ? ago(std::min(observation.observed_at, judgements_.now())) : "",
                   Colour::none, true});
    rows.push_back(std::move(row));
}

void Description::rest() {
    std::vector<std::vector<Cell>> rows{{{"also reported", Colour::bold}, {""}, {""}}};
    for (const Observation* observation : subject_.observations) {
        if (!taken_.contains(observation)) add_rest(rows, *observation);
    }
    table(rows, {{1, Fit::below}, {2, Fit::below}});
}

std::string Description::ago(Timestamp time) const {
    const Seconds age = judgements_.now() - time;
    return age > -1 ? short_age(std::max(age, 0.0)) + " ago" : short_age(age);
}

namespace {

// Counts by kind and `source`, a label.
void describe_errors(Description& description, std::string_view title, const std::string& source,
                     const Metric& total, const Metric& recent) {
    const auto recently = description.take_all(recent);
    auto all = description.take_all(total);
    for (const Observation* one : recently) {  // a saved output may have only these
        if (std::ranges::find(all, one->labels, &Observation::labels) == all.end())
            all.push_back(one);
    }
    std::vector<std::vector<Cell>> rows{{{std::string(title), Colour::bold},
                                         {source},
                                         {"recently", Colour::none, true},
                                         {"in all", Colour::none, true}}};
    for (const Observation* one : all) {
        const auto same = std::ranges::find(recently, one->labels, &Observation::labels);
        std::string kind = harmless(one->label("kind"));
        std::ranges::replace(kind, '_', ' ');
        if (source == "layer") kind = kind.empty() ? "errors" : kind + " errors";
        rows.push_back(
            {{kind},
             {harmless(one->label(source))},
             {same == recently.end() ? "" : number_text((*same)->value), Colour::none, true},
             {one->metric == &total ? number_text(one->value) : "", Colour::none, true}});
    }
    description.table(rows, {});
}

}  // namespace

void describe_kernel_errors(Description& description, const Metric& total, const Metric& recent) {
    describe_errors(description, "kernel log", "layer", total, recent);
}

void describe_messages(Description& description, const Metric& total, const Metric& recent) {
    describe_errors(description, "journal", "program", total, recent);
}

}  // namespace lastgood
