#include "exporters/status/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/facts.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "exporters/status/describe.hpp"
#include "exporters/status/findings.hpp"
#include "exporters/status/json.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

using Lines = std::vector<std::string>;
using Json = nlohmann::ordered_json;

constexpr size_t indent = 10;

struct Word {
    std::string_view text;
    Colour colour;
};

Word word_of(Health health) {
    switch (health) {
        case Health::fine:
            return {"FINE", Colour::green};
        case Health::warning:
            return {"WARNING", Colour::yellow};
        case Health::critical:
            return {"CRITICAL", Colour::red};
        case Health::unknown:
            return {"UNKNOWN", Colour::magenta};
    }
    return {"UNKNOWN", Colour::magenta};
}

// Adds "CRITICAL  text", wrapped.
void add_paragraph(Lines& lines, Word word, std::string_view text, const ViewOptions& options) {
    std::string start = coloured(word.text, word.colour, options.colour);
    start.append(indent > word.text.size() ? indent - word.text.size() : 1, ' ');
    for (const std::string& line : wrap(text, std::max<size_t>(options.width, 30) - indent)) {
        lines.push_back(start + line);
        start.assign(indent, ' ');
    }
}

constexpr Word no_word{"", Colour::none};

std::string counted(const Report& report) {
    std::string text;
    for (const Severity severity : {Severity::critical, Severity::warning, Severity::unknown}) {
        const auto count = std::ranges::count(report.findings, severity, &Finding::severity);
        if (count == 0) continue;
        const bool warnings = severity == Severity::warning && count > 1;
        text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, to_string(severity),
                            warnings ? "s" : "");
    }
    return text;
}

std::string lines_of(const ExplainedPart& part) {
    if (part.first_line == 0) return {};
    if (part.first_line == part.last_line) return fmt::format("line {}", part.first_line);
    return fmt::format("lines {}-{}", part.first_line, part.last_line);
}

std::string name_of(const ExplainedPart& part) {
    std::string text = part.what;
    if (!part.subjects.empty()) text += fmt::format(" of {}", harmless(part.subjects));
    if (const auto lines = lines_of(part); !lines.empty()) text += fmt::format(" ({})", lines);
    return text;
}

std::string verdict_of(const Explanation& explanation) {
    std::string counts = counted(explanation.report);
    if (!counts.empty()) return counts;
    if (!explanation.report.problems.empty()) return "it could not be understood";
    if (explanation.strange_line_count > 0)
        return "no fault of a known form was found, but some lines look like trouble";
    return "nothing wrong found in it";
}

// The counts of a fine text that would be a fault if they grew, which one text cannot show: "media
// errors 6 (nvme0n1)".
std::string counts_to_watch(const Report& report, const Facts& facts) {
    constexpr int most_named = 6;
    std::vector<std::string> named;
    int more = 0;
    for (const Observation& observation : report.observations) {
        const Metric& metric = *observation.metric;
        if (metric.growth.metric == nullptr || !(observation.value > 0)) continue;
        if (named.size() >= most_named) {
            ++more;
            continue;
        }
        std::string name(metric.growth.counter);
        std::ranges::replace(name, '_', ' ');
        const Subject* subject = facts.find(metric.subject, observation.subject);
        named.push_back(
            fmt::format("{} {} ({})", name, number_text(observation.value),
                        subject == nullptr ? harmless(observation.subject) : subject->name()));
    }
    if (named.empty()) return {};
    return fmt::format(
        "one text cannot show whether a count grows; harmless while these stay as they are: {}{}",
        fmt::join(named, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

Lines shown(const std::vector<ShownLine>& lines, uint64_t count, const ViewOptions& options) {
    Lines text;
    const size_t width = lines.empty() ? 0 : std::to_string(lines.back().number).size();
    for (size_t i = 0; i < lines.size(); ++i) {
        if (i > 0 && i + 1 == lines.size() && count > lines.size())
            text.push_back(fmt::format("{} more", count - lines.size()));
        std::string start = fmt::format("line {:<{}}  ", lines[i].number, width);
        const size_t left = start.size();
        const size_t room = std::max<size_t>(options.width, indent + left + 20) - indent - left;
        for (const std::string& part : wrap(harmless(trim(lines[i].text)), room)) {
            text.push_back(start + part);
            start.assign(left, ' ');
        }
    }
    return text;
}

void add_strange(Lines& lines, const Explanation& explanation, const ViewOptions& options) {
    if (explanation.strange_line_count == 0) return;
    lines.emplace_back();
    const uint64_t count = explanation.strange_line_count;
    add_paragraph(lines, {"UNKNOWN", Colour::magenta},
                  fmt::format("not understood: {} {} like trouble", count,
                              count == 1 ? "line looks" : "lines look"),
                  options);
    for (const std::string& line :
         shown(explanation.strange_lines, explanation.strange_lines.size(), options))
        lines.push_back(std::string(indent, ' ') + line);
}

// All errors of a saved log count as recent: the screen need not show them twice.
Report without_recent(Report report) {
    std::set<const Metric*> recent;
    for (const Observation& observation : report.observations)
        if (observation.metric->recent != nullptr) recent.insert(observation.metric->recent);
    std::erase_if(report.observations, [&](const Observation& observation) {
        return recent.contains(observation.metric);
    });
    return report;
}

Json json_of(const std::vector<ShownLine>& lines) {
    Json list = Json::array();
    for (const ShownLine& line : lines) {
        Json one = {{"line", line.number}, {"text", line.text}};
        if (line.sector) one["sector"] = *line.sector;
        if (line.time) one["time"] = *line.time;
        list.push_back(std::move(one));
    }
    return list;
}

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Health explanation_health(const Explanation& explanation) {
    const Health health = explanation_health(explanation.report);
    return health == Health::fine && explanation.strange_line_count > 0 ? Health::unknown : health;
}

std::string render_explanation(const Explanation& explanation, Timestamp now,
                               const ViewOptions& options) {
    const Report report = without_recent(explanation.report);
    const Facts facts(report);
    Lines lines;
    const std::string name = explanation.name.empty() ? "this text" : harmless(explanation.name);
    add_paragraph(lines, word_of(explanation_health(explanation)),
                  fmt::format("{}: {}", name, verdict_of(explanation)), options);
    std::string found;
    constexpr size_t most_named = 12;
    for (size_t i = 0; i < std::min(explanation.parts.size(), most_named); ++i)
        found += (i == 0 ? "found in it: " : ", ") + name_of(explanation.parts[i]);
    if (explanation.parts.size() > most_named)
        found += fmt::format(" and {} more", explanation.parts.size() - most_named);
    if (!found.empty()) add_paragraph(lines, no_word, found, options);
    const bool fine = explanation_health(explanation) == Health::fine;
    if (const auto counts = fine ? counts_to_watch(report, facts) : ""; !counts.empty())
        add_paragraph(lines, no_word, counts, options);

    const LinesOfFinding evidence = [&](const Finding& finding) -> Lines {
        const auto index = static_cast<size_t>(&finding - report.findings.data());
        if (index >= explanation.evidence.size()) return {};
        const ShownEvidence& found_in = explanation.evidence[index];
        return shown(found_in.lines, found_in.count, options);
    };
    add_findings(lines, facts, report.findings, now, false, options, evidence);
    if (!report.problems.empty()) lines.emplace_back();
    Word word{"UNKNOWN", Colour::magenta};
    constexpr size_t most_problems = 10;
    for (size_t i = 0; i < report.problems.size(); ++i) {
        const Problem& problem = report.problems[i];
        if (i == most_problems) {
            add_paragraph(lines, no_word,
                          fmt::format("and {} more", report.problems.size() - most_problems),
                          options);
            break;
        }
        add_paragraph(lines, word,
                      fmt::format("{}{}{}", harmless(problem.subject),
                                  problem.subject.empty() ? "" : ": ", harmless(problem.message)),
                      options);
        word = no_word;
    }
    add_strange(lines, explanation, options);
    const Judge judgements(report, facts, now);
    for (const SubjectKind kind :
         {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem, SubjectKind::host}) {
        for (const Subject* subject : facts.of(kind)) {
            if (subject->observations.empty()) continue;
            lines.emplace_back();
            const auto more = titled_subject_lines(*subject, judgements, options, Ages::hidden);
            lines.insert(lines.end(), more.begin(), more.end());
        }
    }
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

std::string explanation_to_json(const Explanation& explanation) {
    Json document = Json::parse(to_json(explanation.report));
    Json& findings = document["findings"];
    for (size_t i = 0; i < findings.size() && i < explanation.evidence.size(); ++i) {
        const ShownEvidence& evidence = explanation.evidence[i];
        findings[i]["evidence"] = {{"count", evidence.count}, {"lines", json_of(evidence.lines)}};
    }
    Json found = Json::array();
    for (const ExplainedPart& part : explanation.parts) {
        Json one = {{"what", part.what}, {"subjects", part.subjects}};
        if (part.first_line > 0) {
            one["first_line"] = part.first_line;
            one["last_line"] = part.last_line;
        }
        found.push_back(std::move(one));
    }
    const Json strange = {{"count", explanation.strange_line_count},
                          {"lines", json_of(explanation.strange_lines)}};
    return json_lines(document, fmt::format(",\n\"file\":{},\n\"found\":{},\n\"not_understood\":{}",
                                            dump(explanation.name), dump(found), dump(strange)));
}

}  // namespace lastgood
