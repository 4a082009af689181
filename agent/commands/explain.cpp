#include "agent/commands/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "agent/commands/explain_evidence.hpp"
#include "agent/commands/explain_quote.hpp"
#include "agent/commands/explain_split.hpp"
#include "agent/commands/explain_words.hpp"
#include "agent/commands/plain_text.hpp"
#include "collectors/explainer.hpp"
#include "core/bytes.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"
#include "rules/rule.hpp"

namespace lastgood {

namespace {

// For a text in which no output begins, the first explainer that recognises it wins: formats with
// an unmistakable beginning come first.
constexpr std::array<const Explainer*, 12> explainers = {
    &atasmart_blob_explainer, &smartctl_json_explainer, &nvme_json_explainer,
    &smartctl_text_explainer, &nvme_text_explainer,     &mdstat_explainer,
    &mdadm_mail_explainer,    &mdadm_output_explainer,  &unraid_explainer,
    &btrfs_output_explainer,  &zpool_status_explainer,  &kernel_log_explainer,
};

// Other programs' messages in a system log.
constexpr std::array<const ProgramLogExplainer*, 5> program_explainers = {
    &smartd_explainer, &smartd_mail_explainer, &mdadm_explainer, &mdmonitor_explainer,
    &zed_explainer};

// Bytes. A format is recognised by its beginning; the rest is searched only if that fails.
constexpr size_t beginning = 256 * kib;

const Explainer* explainer_of(std::string_view text) {
    for (const std::string_view part : {text.substr(0, beginning), text}) {
        for (const Explainer* explainer : explainers) {
            if (explainer->recognises != nullptr && explainer->recognises(part)) return explainer;
        }
        if (part.size() == text.size()) break;
    }
    return nullptr;
}

Failure unrecognised(std::string_view text) {
    const bool empty = consists_of(text, " \t\r\n");
    std::string known;
    for (const Explainer* explainer : explainers) known += fmt::format("\n  {}", explainer->what);
    return fail(ErrorKind::malformed,
                fmt::format("{}.\nexplain recognises these by their content:{}",
                            empty ? "the file is empty" : "the content is not recognised", known));
}

Failure misread(const Explainer& explainer, const Error& error) {
    return fail(error.kind, fmt::format("this looks like {}: {}", explainer.what, error.message));
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

bool tells_identity_only(const Metric* metric) {
    return metric == &metric::drive_info || metric == &metric::drive_present ||
           metric == &metric::drive_size_bytes;
}

// A list of drives says nothing about their health: report it as unknown, not as fine.
void add_unjudged(Report& report) {
    std::set<std::string> named, judged;
    for (const Observation& observation : report.observations) {
        if (observation.metric->subject == SubjectKind::drive)
            (tells_identity_only(observation.metric) ? named : judged).insert(observation.subject);
    }
    for (const Problem& problem : report.problems) judged.insert(problem.subject);
    for (const std::string& drive : named) {
        if (!judged.contains(drive)) {
            report.problems.push_back({"explain", drive,
                                       "the file does not tell its health; save the output of "
                                       "\"smartctl -x DEVICE\" instead",
                                       report.written_at});
        }
    }
}

// A saved output shows one moment: assume that a condition in it has lasted long enough.
std::vector<Rule> rules_of_a_moment() {
    const auto all = all_rules();
    std::vector<Rule> rules(all.begin(), all.end());
    for (Rule& rule : rules) rule.hold = 0;
    return rules;
}

// The device names of a part's drives.
std::set<std::string> devices_of(const ExplainSink& sink) {
    std::set<std::string> devices;
    for (const Observation& observation : sink.observations)
        if (observation.metric == &metric::drive_info && !observation.label("device").empty())
            devices.emplace(observation.label("device"));
    return devices;
}

// Gives a drive another id everywhere in the sink.
void rename_drive(ExplainSink& sink, const std::string& from, const std::string& to) {
    for (Observation& observation : sink.observations)
        if (observation.metric->subject == SubjectKind::drive && observation.subject == from)
            observation.subject = to;
    std::map<ExplainSink::Key, EvidenceList> evidence;
    for (auto& [key, list] : sink.evidence) {
        ExplainSink::Key renamed = key;
        if (key.metric->subject == SubjectKind::drive && key.subject == from) renamed.subject = to;
        evidence[std::move(renamed)].add(list);
    }
    sink.evidence = std::move(evidence);
    for (auto& [subject, error] : sink.problems)
        if (subject == from) subject = to;
}

// A drive that one part knows by its device name only, and exactly one drive of the other parts has
// that name: they are the same.
void join_drives(std::vector<ExplainedSection>& sections) {
    std::map<std::string, std::set<std::string>> ids;  // device name → ids that are not the name
    for (const ExplainedSection& section : sections)
        for (const Observation& observation : section.sink.observations)
            if (observation.metric == &metric::drive_info &&
                observation.label("device") != observation.subject)
                ids[std::string(observation.label("device"))].insert(observation.subject);
    for (ExplainedSection& section : sections) {
        std::set<std::string> by_name;
        for (const Observation& observation : section.sink.observations)
            if (observation.metric->subject == SubjectKind::drive)
                by_name.insert(observation.subject);
        for (const auto& [subject, error] : section.sink.problems)
            if (!subject.empty()) by_name.insert(subject);
        for (const std::string& name : by_name) {
            const auto found = ids.find(name);
            if (found != ids.end() && found->second.size() == 1)
                rename_drive(section.sink, name, *found->second.begin());
        }
    }
}

// Whether another output tells the health of a drive that this one says nothing about: "smartctl
// /dev/sda" above "smartctl -a /dev/sda".
bool told_elsewhere(const std::vector<ExplainedSection>& sections, const ExplainedSection& silent,
                    const std::string& drive) {
    if (drive.empty()) return false;
    return std::ranges::any_of(sections, [&](const ExplainedSection& section) {
        return &section != &silent && section.explainer == silent.explainer &&
               std::ranges::any_of(section.sink.observations, [&](const Observation& told) {
                   return told.subject == drive && (told.metric == &metric::drive_smart_passed ||
                                                    told.metric == &metric::drive_critical_warning);
               });
    });
}

// Drives without an identity in two outputs are not the same drive.
void part_unknown_drives(std::vector<ExplainedSection>& sections) {
    constexpr std::string_view unknown = "unknown-drive";
    int count = 0;
    for (ExplainedSection& section : sections) {
        const bool has = std::ranges::any_of(
            section.sink.observations,
            [&](const Observation& observation) { return observation.subject == unknown; });
        if (has && ++count > 1)
            rename_drive(section.sink, std::string(unknown), fmt::format("{}-{}", unknown, count));
    }
}

// Of the same series in two parts the later value counts.
std::vector<Observation> join_observations(const std::vector<ExplainedSection>& sections) {
    std::vector<Observation> joined;
    std::map<ExplainSink::Key, size_t> known;
    for (const ExplainedSection& section : sections) {
        for (const Observation& observation : section.sink.observations) {
            ExplainSink::Key key{observation.metric, observation.subject, observation.labels};
            if (observation.metric == &metric::drive_info) key.labels.clear();
            const auto [at, added] = known.emplace(std::move(key), joined.size());
            if (added) {
                joined.push_back(observation);
            } else if (observation.metric == &metric::drive_kernel_errors_total) {
                // Counters of two filesystems on one drive: at least as many as of one of them.
                Observation& larger = joined[at->second];
                if (observation.value > larger.value) larger = observation;
            } else if (observation.labels.size() >= joined[at->second].labels.size()) {
                joined[at->second] = observation;
            }
        }
    }
    return joined;
}

Result<void> explain_section(const TextSection& section, Timestamp now, ExplainSink& sink) {
    if (!Unquoted::is_quoted(section.text))
        return section.explainer->explain(section.text, now, sink);
    const Unquoted unquoted(section.text);
    auto done = section.explainer->explain(unquoted.text(), now, sink);
    unquoted.restore_lines(sink);
    return done;
}

// Explains each section and the log between them; empty if there is neither. Error: of the first
// section that cannot be parsed, if no other part was understood.
Result<std::vector<ExplainedSection>> explain_sections(const SplitText& split, Timestamp now) {
    std::vector<ExplainedSection> explained;
    std::optional<Failure> failure;
    for (const TextSection& section : split.sections) {
        ExplainedSection one{section.explainer, section.text, {}, 0};
        const auto done = explain_section(section, now, one.sink);
        if (!done) {
            if (!failure) failure = misread(*section.explainer, done.error());
            one.sink = {};
            one.sink.problem("", {done.error().kind,
                                  fmt::format("{} cannot be read: {}", section.explainer->what,
                                              done.error().message)});
        }
        one.understood = done ? 1 : 0;
        explained.push_back(std::move(one));
    }
    ExplainedSection log{&kernel_log_explainer, {}, {}, 0};
    const LogLines lines = explain_log({split.rest, program_explainers}, now, log.sink);
    if (lines.count > 0 || log.sink.strange_line_count > 0) {
        const auto first = lines.count > 0 ? lines.first : log.sink.strange_lines.front();
        const auto last = lines.count > 0 ? lines.last : log.sink.strange_lines.back();
        const char* const end = last.data() + last.size();
        log.text = {first.data(), static_cast<size_t>(end - first.data())};
        log.understood = lines.count;
        if (lines.count == 0) log.what = "lines of an unknown form";
        if (lines.count > 0 && lines.judged == 0) {
            log.what = "a log of other programs";
            // Beside an output that was understood, such lines are mostly a quotation.
            const bool alone = std::ranges::none_of(
                explained, [](const ExplainedSection& section) { return section.understood > 0; });
            if (alone)
                log.sink.problem("", {ErrorKind::absent, "the log has no message of the kernel"});
        }
        const auto behind = std::ranges::find_if(explained, [&](const ExplainedSection& section) {
            return section.text.data() > log.text.data();
        });
        explained.insert(behind, std::move(log));
    }
    const bool any = std::ranges::any_of(
        explained, [](const ExplainedSection& section) { return section.understood > 0; });
    if (!any && failure) return *failure;
    return explained;
}

Result<Explanation> explain_plain_text(std::string_view text, Timestamp now) {
    std::vector<ExplainedSection> sections;
    SplitText split;
    const bool blob = atasmart_blob_explainer.recognises(text);
    if (!blob) {
        split = split_text(text, explainers);
        auto found = explain_sections(split, now);
        if (!found) return Failure(found.error());
        sections = std::move(*found);
    }
    const bool understood = std::ranges::any_of(
        sections, [](const ExplainedSection& section) { return section.understood > 0; });
    const Explainer* const explainer = understood ? nullptr : explainer_of(text);
    if (sections.empty() && explainer == nullptr) return unrecognised(text);
    if (explainer != nullptr) {
        sections.clear();
        ExplainedSection whole{explainer, text, {}, 1};
        if (const auto done = explainer->explain(text, now, whole.sink); !done)
            return misread(*explainer, done.error());
        sections.push_back(std::move(whole));
    }
    part_unknown_drives(sections);
    join_drives(sections);

    Explanation explanation;
    Report& report = explanation.report;
    report.version = LASTGOOD_VERSION;
    report.written_at = now;
    report.observations = join_observations(sections);
    add_recent(report.observations);
    sort_observations(report.observations);
    RuleMemory memory;
    report.findings = evaluate(rules_of_a_moment(), report.observations, now, memory);
    sort_findings(report.findings);
    for (Finding& finding : report.findings) fit_to_saved_text(finding);
    for (const ExplainedSection& section : sections) {
        ExplainedPart part;
        const bool log = section.explainer == &kernel_log_explainer;
        part.what = section.what.empty() ? section.explainer->what : section.what;
        if (!log) part.subjects = fmt::format("{}", fmt::join(devices_of(section.sink), ", "));
        explanation.parts.push_back(std::move(part));
        for (const auto& [subject, error] : section.sink.problems)
            if (error.kind != ErrorKind::failed || !told_elsewhere(sections, section, subject))
                report.problems.push_back({"explain", subject, error.message, now});
        if (section.sink.observations.empty() && section.sink.problems.empty() &&
            !section.explainer->may_be_empty)
            report.problems.push_back({"explain", "", "the file names no drive", now});
    }
    if (split.too_many)
        report.problems.push_back(
            {"explain", "",
             fmt::format("the text has more than {} outputs: only these were read",
                         SplitText::most_sections),
             now});
    add_unjudged(report);
    add_evidence(text, split.marks, sections, explanation);
    if (blob) explanation.parts.front().first_line = 0;
    return explanation;
}

}  // namespace

Result<Explanation> explain_text(std::string_view text, Timestamp now) {
    if (!atasmart_blob_explainer.recognises(text))
        if (const auto plain = plain_text(text)) return explain_plain_text(*plain, now);
    return explain_plain_text(text, now);
}

}  // namespace lastgood
