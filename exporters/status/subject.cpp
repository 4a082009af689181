// All facts of one subject in words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/facts.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"
#include "exporters/status/findings.hpp"
#include "exporters/status/text.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

using Rows = std::vector<std::vector<Cell>>;

// The metric's name for people: "pending sectors" for lastgood_drive_pending_sectors.
std::string fact_name(const Metric& metric) {
    std::string_view name = metric.name;
    if (name.starts_with("lastgood_")) {
        name.remove_prefix(9);
    }
    const std::string kind = std::string(to_string(metric.subject)) + "_";
    if (name.starts_with(kind)) {
        name.remove_prefix(kind.size());
    }
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

std::string number_text(double value) {
    return std::abs(value) < 1e15 && value == std::floor(value) ? fmt::format("{:.0f}", value)
                                                                : fmt::format("{:.6g}", value);
}

std::string value_text(const Metric& metric, double value, Timestamp now) {
    const std::string_view name = metric.name;
    if (name.ends_with("_timestamp_seconds")) {
        const Seconds age = now - value;
        return fmt::format("{} ({})", format_time(value),
                           age >= 0 ? short_age(age) + " ago" : short_age(age));
    }
    if (name.ends_with("_seconds")) {
        return format_duration(value);
    }
    if (name.ends_with("_bytes")) {
        return format_size(value);
    }
    if (name.ends_with("_ratio")) {
        return fmt::format("{:.1f}%", value * 100);
    }
    if (name.ends_with("_celsius")) {
        return fmt::format("{} C", number_text(value));
    }
    return number_text(value);
}

std::string label_text(const Labels& labels, std::string_view without = "") {
    std::string text;
    for (const auto& [key, value] : labels) {
        if (!value.empty() && key != without) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, harmless(value));
        }
    }
    return text;
}

// The SMART attributes, one row each, with the columns that smartctl prints.
Rows attribute_rows(const Subject& drive) {
    std::map<int, std::map<std::string, std::string>>
        attributes;  // by id: the name, and a value for each kind
    for (const Observation* observation : drive.observations) {
        if (observation->metric == &metric::drive_attribute) {
            const int id = parse_number<int>(observation->label("id")).value_or(0);
            auto& attribute = attributes[id];
            attribute["name"] = harmless(observation->label("name"));
            attribute[std::string(observation->label("kind"))] = number_text(observation->value);
        }
    }
    Rows rows;
    if (!attributes.empty()) {
        rows.push_back({{"attribute", Colour::bold},
                        {"name"},
                        {"raw", Colour::none, true},
                        {"value", Colour::none, true},
                        {"worst", Colour::none, true},
                        {"threshold", Colour::none, true}});
    }
    for (auto& [id, attribute] : attributes) {
        std::vector<Cell> row{{fmt::format("{}", id), Colour::none, true}, {attribute["name"]}};
        for (const char* kind : {"raw", "normalized", "worst", "threshold"}) {
            row.push_back({attribute[kind], Colour::none, true});
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

void add_fact(Rows& rows, const Observation& observation, Timestamp now, Ages ages) {
    const Metric& metric = *observation.metric;
    std::vector<Cell> row;
    switch (metric.type) {
        case MetricType::info:
            for (const auto& [key, value] : observation.labels) {
                if (!value.empty()) {
                    rows.push_back({{key}, {harmless(value)}, {""}});
                }
            }
            return;
        case MetricType::state:
            row = {{fact_name(metric)}, {label_text(observation.labels)}};
            break;
        case MetricType::gauge:
        case MetricType::counter: {
            const std::string labels = label_text(observation.labels);
            row = {{fact_name(metric) + (labels.empty() ? "" : " (" + labels + ")")},
                   {value_text(metric, observation.value, now)}};
            break;
        }
    }
    const bool aged = ages == Ages::shown && observation.observed_at > 0;
    row.push_back({aged ? short_age(std::max(now - observation.observed_at, 0.0)) + " ago" : "",
                   Colour::none, true});
    rows.push_back(std::move(row));
}

// Arrays and filesystems that refer to this drive: "member of md0", "carries /var".
void add_relations(Rows& rows, const Subject& subject, const Facts& facts) {
    if (subject.kind != SubjectKind::drive) {
        return;
    }
    for (const Subject* array : facts.of(SubjectKind::array)) {
        for (const Observation* member : array->observations) {
            if (member->metric == &metric::array_member && member->label("drive") == subject.id) {
                rows.push_back(
                    {{"member of"},
                     {fmt::format("{} ({})", array->name(), label_text(member->labels, "drive"))},
                     {""}});
            }
        }
    }
    for (const Subject* filesystem : facts.of(SubjectKind::filesystem)) {
        for (const Observation* part : filesystem->observations) {
            if (part->metric == &metric::filesystem_drive && part->label("drive") == subject.id) {
                rows.push_back({{"carries"}, {filesystem->name()}, {""}});
            }
        }
    }
}

}  // namespace

std::vector<std::string> subject_lines(const Subject& subject, const Facts& facts, Timestamp now,
                                       const ViewOptions& options, Ages ages) {
    const std::string title = subject.kind == SubjectKind::host
                                  ? "host"
                                  : fmt::format("{} {}", to_string(subject.kind), subject.name());
    std::vector<std::string> lines{coloured(title, Colour::bold, options.colour)};
    Rows rows;
    if (subject.name() != subject.id && !subject.id.empty()) {
        rows.push_back({{"id"}, {harmless(subject.id)}, {""}});
    }
    for (const Observation* observation : subject.observations) {
        if (observation->metric != &metric::drive_attribute) {
            add_fact(rows, *observation, now, ages);
        }
    }
    add_relations(rows, subject, facts);
    const size_t width = std::max<size_t>(options.width, 22) - 2;
    for (const auto& line : format_table(rows, width, {1, 0}, options.colour)) {
        lines.push_back("  " + line);
    }
    for (const auto& line : format_table(attribute_rows(subject), width, {1}, options.colour)) {
        lines.push_back("  " + line);
    }
    return lines;
}

std::string render_subject(const Report& report, std::string_view word, Timestamp now,
                           const ViewOptions& options) {
    const Facts facts(report);
    const auto subjects = facts.named(word);
    if (subjects.empty()) {
        return "";
    }
    std::vector<std::string> lines;
    const Verdict verdict = judge(report, now, options.agent_gone);
    if (verdict.agent_dead) {
        for (auto& line : wrap(fmt::format("UNKNOWN: the lastgood agent is not running. Everything "
                                           "below is {} old and may be outdated.",
                                           format_duration(std::abs(now - report.written_at))),
                               options.width)) {
            lines.push_back(coloured(line, Colour::magenta, options.colour));
        }
        lines.emplace_back();
    }
    for (const Subject* subject : subjects) {
        const auto more = subject_lines(*subject, facts, now, options, Ages::shown);
        lines.insert(lines.end(), more.begin(), more.end());
        std::vector<Finding> findings;
        for (const Finding* finding : subject->findings) {
            findings.push_back(*finding);
        }
        add_findings(lines, facts, findings, now, verdict.agent_dead, options);
        if (findings.empty()) {
            lines.push_back(verdict.agent_dead ? "  Nothing wrong was found then."
                                               : "  Nothing wrong found.");
        }
        for (const Problem& problem : report.problems) {
            if (subject->kind == SubjectKind::collector && problem.collector == subject->id) {
                lines.push_back(fmt::format("  {}{}{}", harmless(problem.subject),
                                            problem.subject.empty() ? "" : ": ",
                                            harmless(problem.message)));
            } else if (!problem.subject.empty() && problem.subject == subject->id) {
                lines.push_back(fmt::format("  collector {} could not read it: {}",
                                            harmless(problem.collector),
                                            harmless(problem.message)));
            }
        }
        if (subject != subjects.back()) {
            lines.emplace_back();
        }
    }
    std::string text;
    for (const auto& line : lines) {
        text += line + "\n";
    }
    return text;
}

}  // namespace lastgood
