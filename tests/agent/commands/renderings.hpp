// Makes reports with hostile content from bytes, and checks everything that renders a report. For
// the fuzz target "rendering" and for a unit test of the same properties.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "agent/commands/preflight.hpp"
#include "exporters/prometheus/exposition.hpp"
#include "exporters/prometheus/page.hpp"
#include "exporters/prometheus/textfile.hpp"
#include "exporters/status/explanation.hpp"
#include "exporters/status/json.hpp"
#include "exporters/status/view.hpp"
#include "rules/rule.hpp"
#include "tests/exposition_grammar.hpp"

namespace lastgood::test {

inline constexpr Timestamp rendering_time = 1'790'000'000;

inline constexpr std::string_view hostile_texts[] = {
    "",
    "sda",
    "sdb",
    "sda1",
    "md0",
    "/",
    "/srv",
    "db8",
    "smart",
    "kernel_log",
    "host",
    "in_sync",
    "faulty",
    "spare",
    "rebuilding",
    "recover",
    "check",
    "idle",
    "clean",
    "inactive",
    "raid1",
    "raid5",
    "imsm",
    "filesystem",
    "swap",
    "none",
    "unknown",
    "exact",
    "inferred",
    "off-host",
    "medium",
    "write_error,want_replacement",
    "0",
    "1",
    "100",
    "1e308",
    "wwn-0x5000c5000000000a",
    "\033[31mred\033[0m",
    "\033]0;title\007",
    "\xc2\x9b"
    "31m",
    "\x7f",
    "\xe2\x80\xae"
    "right to left",
    "\xe2\x81\xa6",
    "\xff\xfe",
    "\xed\xa0\x80",
    "<script>alert(1)</script>",
    "</pre>",
    "&lt;",
    "a\nb",
    "a\r\nb",
    "\t",
    "\"quoted\\\"",
    "\\",
    "# EOF",
    "a{b=\"c\"} 1",
    "%s{}{:d}",
    "\xe3\x83\x90\xe3\x83\x83",
    "a word and another one and more of them until the line has to be broken somewhere",
    "a:b:c",
    "x: smartctl -a /dev/sda",
    "Look: lastgood status sda",
    "kill -HUP 1"};

// Bytes as choices; zeros when they are used up.
class Choices {
  public:
    explicit Choices(std::string_view bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    size_t below(size_t limit) {
        const auto byte = static_cast<unsigned char>(bytes_.empty() ? '\0' : bytes_[0]);
        if (!bytes_.empty()) bytes_.remove_prefix(1);
        return byte % limit;
    }
    template <class List>
    auto one_of(const List& list) {
        return list[below(std::size(list))];
    }
    std::string text() {
        const size_t what = below(std::size(hostile_texts) + 2);
        if (what < std::size(hostile_texts)) return std::string(hostile_texts[what]);
        if (what == std::size(hostile_texts)) return std::string(300, 'w');
        const size_t wanted = below(24);  // takes a byte itself
        const size_t length = std::min(wanted, bytes_.size());
        std::string own(bytes_.substr(0, length));
        bytes_.remove_prefix(length);
        return own;
    }
    std::string subject() {
        static constexpr std::string_view few[] = {"a", "b", "/", "/srv", "db8", "sda"};
        const size_t what = below(8);
        return what < std::size(few) ? std::string(few[what]) : text();
    }
    double number() {
        static constexpr double numbers[] = {0,
                                             1,
                                             2,
                                             3,
                                             -1,
                                             0.5,
                                             1e-300,
                                             1e300,
                                             -1e300,
                                             9.3e18,
                                             4e12,
                                             12345678.9,
                                             rendering_time,
                                             rendering_time - 60,
                                             rendering_time - 86400 * 9.5,
                                             rendering_time + 7200,
                                             5e-324,
                                             std::numeric_limits<double>::infinity(),
                                             -std::numeric_limits<double>::infinity(),
                                             std::numeric_limits<double>::quiet_NaN()};
        const size_t what = below(std::size(numbers) + 8);
        return what < std::size(numbers) ? numbers[what] : static_cast<double>(below(256));
    }
    // A time that the agent may have taken from a clock.
    Timestamp time() {
        static constexpr double offsets[] = {0, -5, -60, -3600, -86400, -1e7, 30, 1e6};
        return rendering_time + one_of(offsets);
    }

  private:
    std::string_view bytes_;
};

inline Labels labels_from(Choices& choices, const Metric& metric) {
    Labels labels;
    for (std::string_view rest = metric.labels; !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        const bool is_subject = parse_subject_kind(name).has_value();
        if (choices.below(4) != 0)
            labels.emplace_back(name, is_subject ? choices.subject() : choices.text());
    }
    std::ranges::sort(labels);
    if (choices.below(16) == 0) labels.emplace_back(choices.text(), choices.text());
    return labels;
}

inline Finding finding_from(Choices& choices) {
    static constexpr Severity severities[] = {Severity::critical, Severity::warning,
                                              Severity::unknown};
    Finding finding;
    finding.rule =
        choices.below(4) != 0 ? std::string(choices.one_of(all_rules()).name) : choices.text();
    finding.severity = choices.one_of(severities);
    const size_t kind = choices.below(named_subject_kinds.size() + 1);
    finding.kind =
        kind < named_subject_kinds.size() ? named_subject_kinds[kind] : SubjectKind::host;
    finding.subject = finding.kind == SubjectKind::host ? "" : choices.subject();
    finding.summary = choices.text();
    for (size_t steps = choices.below(4); steps > 0; --steps)
        finding.steps.push_back(choices.text());
    finding.since = choices.time();
    finding.value = choices.number();
    if (choices.below(6) == 0)
        finding.accepted =
            Acceptance{finding.rule,   finding.kind,   finding.subject, choices.number(),
                       choices.time(), choices.text(), choices.text()};
    return finding;
}

inline Report report_from(std::string_view bytes) {
    Choices choices(bytes);
    Report report;
    report.host = choices.text();
    report.version = choices.text();
    report.written_at = choices.time();
    report.watched_since = choices.time();
    while (!choices.empty() && report.observations.size() < 300) {
        switch (choices.below(16)) {
            case 0:
                report.findings.push_back(finding_from(choices));
                break;
            case 1:
                report.problems.push_back(
                    {choices.subject(), choices.subject(), choices.text(), choices.time()});
                break;
            default: {
                const Metric& metric = *choices.one_of(all_metrics());
                std::string subject = metric.subject == SubjectKind::host ? "" : choices.subject();
                Labels labels = labels_from(choices, metric);
                report.observations.push_back({&metric, std::move(subject), std::move(labels),
                                               choices.number(), choices.time()});
            }
        }
    }
    sort_observations(report.observations);
    sort_findings(report.findings);
    return report;
}

// What would harm a terminal in a screen without colours; "" if nothing.
inline std::string complaint_about_screen(std::string_view screen) {
    while (!screen.empty()) {
        const std::string_view line = screen.substr(0, screen.find('\n'));
        screen.remove_prefix(std::min(line.size() + 1, screen.size()));
        if (harmless(line) != line) return "a screen has a harmful line: " + std::string(line);
    }
    return "";
}

inline std::string without_colours(std::string_view screen) {
    std::string plain;
    while (!screen.empty()) {
        size_t length = 0;
        for (const std::string_view code :
             {"\033[0m", "\033[1m", "\033[1;31m", "\033[31m", "\033[32m", "\033[33m", "\033[35m"})
            if (screen.starts_with(code)) length = code.size();
        if (length == 0) plain += screen[0];
        screen.remove_prefix(std::max<size_t>(length, 1));
    }
    return plain;
}

// A page may have only the tags that its frame has, and spans in its text.
inline std::string complaint_about_page(const std::string& page) {
    const auto part = [&](std::string_view begin, std::string_view end) {
        const size_t from = page.find(begin) + begin.size();
        return page.substr(from, page.find(end, from) - from);
    };
    std::string text = part("<title>", "</title>") + part("<pre>", "</pre></main>");
    for (size_t at = 0; (at = text.find("<span class=\"", at)) != text.npos;) {
        const size_t name = at + 13, end = text.find("\">", name);
        if (end == text.npos || end - name > 7) return "a page has a strange class";
        text.erase(at, end + 2 - at);
    }
    for (size_t at = 0; (at = text.find("</span>", at)) != text.npos;) text.erase(at, 7);
    if (text.find_first_of("<>\"") != text.npos) return "a page is not escaped";
    for (size_t at = 0; (at = text.find('&', at)) != text.npos; ++at) {
        const std::string_view rest = std::string_view(text).substr(at);
        if (!rest.starts_with("&amp;") && !rest.starts_with("&lt;") && !rest.starts_with("&gt;") &&
            !rest.starts_with("&quot;"))
            return "a page has a bare &";
    }
    return complaint_about_screen(text);
}

inline std::string complaint_about_metrics(const Report& report) {
    for (const bool fresh : {true, false}) {
        const Exposition metrics = to_expositions(report, fresh);
        std::string wrong = ExpositionGrammar(false).complaint_about(metrics.text);
        if (wrong.empty()) wrong = ExpositionGrammar(true).complaint_about(metrics.openmetrics);
        if (!wrong.empty()) return wrong;
    }
    return "";
}

inline std::string complaint_about_screens(const Report& report, Timestamp now) {
    const auto check = [](const std::string& screen) {
        return complaint_about_screen(without_colours(screen));
    };
    const Facts facts(report);
    for (const size_t width : {20U, 60U, 80U, 120U}) {
        const ViewOptions options{.width = width,
                                  .height = width == 80 ? 24U : 0U,
                                  .colour = width == 120,
                                  .agent_gone = width == 20,
                                  .has_service = width == 60};
        std::string wrong = check(render_status(report, now, options));
        if (!wrong.empty()) return wrong;
        if (now != rendering_time || width % 40 != 0) continue;
        std::vector<std::string> words = {report.host, "host"};
        for (const SubjectKind kind : named_subject_kinds)
            for (const Subject* subject : facts.of(kind)) words.push_back(subject->id);
        for (const std::string& word : words)
            if (wrong.empty()) wrong = check(render_subject(report, word, now, options));
        Explanation explanation;
        explanation.name = report.host;
        explanation.report = report;
        explanation.evidence.resize(report.findings.size());
        if (wrong.empty()) wrong = check(render_explanation(explanation, now, options));
        if (!wrong.empty()) return wrong;
    }
    return complaint_about_page(page_of(report, now));
}

inline std::string complaint_about_preflight(const Report& report, Timestamp now) {
    const Facts facts(report);
    for (const Subject* drive : facts.of(SubjectKind::drive)) {
        const Preflight found =
            preflight(report, drive->id, now, [](std::string_view) { return Held::unknown; });
        for (const auto& texts :
             {found.against, found.missing, found.notes, found.steps, {found.drive}})
            for (const std::string& text : texts)
                if (harmless(text) != text) return "preflight says what harms: " + text;
    }
    return "";
}

// What is wrong with anything that renders the report as it is read from its file; "" if nothing.
inline std::string complaint_about_renderings(const Report& made) {
    const auto written = parse_report(to_json(made));
    if (!written) return "the report cannot be read again: " + written.error().message;
    const auto valid = std::ranges::count_if(
        made.observations, [](const Observation& one) { return why_not_valid(one).empty(); });
    if (std::ssize(written->observations) != valid ||
        written->findings.size() != made.findings.size() ||
        written->problems.size() != made.problems.size())
        return "the report that is read again has other entries";
    const std::string again = to_json(*written);
    const auto twice = parse_report(again);
    if (!twice || to_json(*twice) != again) return "the report changes each time it is read";
    Report judged = *written;
    RuleMemory memory;
    judged.findings = evaluate(all_rules(), judged.observations, rendering_time, memory);
    for (const Report* report : {&*written, static_cast<const Report*>(&judged)}) {
        if (std::string wrong = complaint_about_metrics(*report); !wrong.empty()) return wrong;
        for (const Seconds later : {0.0, 4000.0, -4000.0}) {
            const Timestamp now = rendering_time + later;
            if (std::string wrong = complaint_about_screens(*report, now); !wrong.empty())
                return wrong;
            if (std::string wrong = complaint_about_preflight(*report, now); !wrong.empty())
                return wrong;
        }
        const Facts facts(*report);
        const Judge judgements(*report, facts, rendering_time);
        const std::string shown =
            status_to_json(*report, judgements, Health::unknown, facts.of(SubjectKind::drive));
        if (!parse_report(shown)) return "the JSON of status cannot be read";
    }
    return "";
}

}  // namespace lastgood::test
