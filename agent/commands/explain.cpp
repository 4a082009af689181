#include "agent/commands/explain.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "agent/commands/saved_text.hpp"
#include "collectors/explainer.hpp"
#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"
#include "exporters/status/terminal.hpp"
#include "exporters/status/view.hpp"
#include "rules/rule.hpp"

namespace lastgood {

namespace {

// The first explainer that recognises the text wins: formats with an unmistakable beginning come
// first, loose lines last.
std::array<const Explainer*, 6> explainers() {
    return {&atasmart_blob_explainer, &smartctl_json_explainer, &nvme_json_explainer,
            &smartctl_text_explainer, &mdstat_explainer,        &kernel_log_explainer};
}

// Bytes. A format is recognised by its beginning; the rest is searched only if that fails.
constexpr size_t beginning = 256 * kib;

const Explainer* explainer_of(std::string_view text) {
    for (const std::string_view part : {text.substr(0, beginning), text}) {
        for (const Explainer* explainer : explainers()) {
            if (explainer->recognises(part)) {
                return explainer;
            }
        }
        if (part.size() == text.size()) {
            break;
        }
    }
    return nullptr;
}

std::string_view unpacker_of(std::string_view text) {
    using namespace std::string_view_literals;
    if (text.starts_with("\x1f\x8b"sv)) {
        return "zcat";
    }
    if (text.starts_with("\xfd"
                         "7zXZ\0"sv)) {
        return "xzcat";
    }
    if (text.starts_with("\x28\xb5\x2f\xfd"sv)) {
        return "zstdcat";
    }
    if (text.starts_with("BZh"sv)) {
        return "bzcat";
    }
    return "";
}

Failure unrecognised(std::string_view text) {
    if (const auto unpacker = unpacker_of(text); !unpacker.empty()) {
        return fail(
            ErrorKind::malformed,
            fmt::format("the file is compressed; run: {} FILE | lastgood explain -", unpacker));
    }
    const bool empty = consists_of(text, " \t\r\n");
    std::string known;
    for (const Explainer* explainer : explainers()) {
        known += fmt::format("\n  {}", explainer->what);
    }
    return fail(ErrorKind::malformed,
                fmt::format("{}. explain recognises these by their content:{}",
                            empty ? "the file is empty" : "the content is not recognised", known));
}

// Counts all errors of a saved log as recent, whatever their age.
void add_recent(std::vector<Observation>& observations) {
    std::vector<Observation> recent;
    for (const Observation& observation : observations) {
        if (observation.metric->recent) {
            recent.push_back(observation);
            recent.back().metric = observation.metric->recent;
        }
    }
    std::ranges::move(recent, std::back_inserter(observations));
}

// A list of drives says nothing about their health: report it as unknown, not as fine.
void add_unjudged(const Explainer& explainer, Timestamp now, Report& report) {
    std::set<std::string> named, judged;
    for (const Observation& observation : report.observations) {
        if (observation.metric->subject == SubjectKind::drive) {
            const bool identity = observation.metric == &metric::drive_info ||
                                  observation.metric == &metric::drive_present ||
                                  observation.metric == &metric::drive_size_bytes;
            (identity ? named : judged).insert(observation.subject);
        }
    }
    for (const Problem& problem : report.problems) {
        judged.insert(problem.subject);
    }
    for (const std::string& drive : named) {
        if (!judged.contains(drive)) {
            report.problems.push_back({"explain", drive,
                                       "the file does not tell its health; save the output of "
                                       "\"smartctl -x DEVICE\" instead",
                                       now});
        }
    }
    if (report.observations.empty() && report.problems.empty() && !explainer.may_be_empty) {
        report.problems.push_back({"explain", "", "the file names no drive", now});
    }
}

// A saved output shows one moment: assume that a condition in it has lasted long enough.
std::vector<Rule> rules_of_a_moment() {
    const auto all = all_rules();
    std::vector<Rule> rules(all.begin(), all.end());
    for (Rule& rule : rules) {
        rule.hold = 0;
    }
    return rules;
}

}  // namespace

Result<Explanation> explain_text(std::string_view text, Timestamp now) {
    const Explainer* explainer = explainer_of(text);
    if (explainer == nullptr) {
        return unrecognised(text);
    }
    MemorySink sink;
    if (const auto done = explainer->explain(text, now, sink); !done) {
        return fail(done.error().kind,
                    fmt::format("this looks like {}: {}", explainer->what, done.error().message));
    }
    Explanation explanation;
    explanation.what = explainer->what;
    Report& report = explanation.report;
    report.version = LASTGOOD_VERSION;
    report.written_at = now;
    report.observations = std::move(sink.observations);
    add_recent(report.observations);
    sort_observations(report.observations);
    RuleMemory memory;
    report.findings = evaluate(rules_of_a_moment(), report.observations, now, memory);
    sort_findings(report.findings);
    for (auto& [subject, error] : sink.problems) {
        report.problems.push_back({"explain", std::move(subject), std::move(error.message), now});
    }
    add_unjudged(*explainer, now, report);
    return explanation;
}

int run_explain(const ExplainOptions& options) {
    constexpr int unknown = 3;
    const auto complain = [&](const Error& error) {
        fmt::print(stderr, "lastgood explain: {}{}\n",
                   !contains(error.message, options.path) && options.path != "-"
                       ? options.path + ": "
                       : "",
                   error.message);
        return unknown;
    };
    if (options.path == "-" && ::isatty(STDIN_FILENO) == 1) {
        fmt::print(stderr, "lastgood explain: paste the output, then press Ctrl-D\n");
    }
    const auto saved = SavedText::open(options.path);
    if (!saved) {
        return complain(saved.error());
    }
    const Timestamp now = wall_clock();
    const auto explanation = explain_text(saved->text(), now);
    if (!explanation) {
        return complain(explanation.error());
    }
    ViewOptions view = view_of_standard_output();
    const std::string text =
        options.json ? to_json(explanation->report)
                     : render_explanation(explanation->report, explanation->what, now, view);
    if (!write_to_standard_output(text)) {
        return unknown;
    }
    return exit_code(explanation_health(explanation->report));
}

}  // namespace lastgood
