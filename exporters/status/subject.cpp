// The screen of one subject.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/facts.hpp"
#include "core/metrics/backups.hpp"
#include "core/preflight.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"
#include "exporters/status/findings.hpp"
#include "exporters/status/tables.hpp"
#include "exporters/status/text.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

void describe(Description& description) {
    switch (description.subject().kind) {
        case SubjectKind::drive:
            return describe_drive(description);
        case SubjectKind::array:
            return describe_array(description);
        case SubjectKind::filesystem:
            return describe_filesystem(description);
        case SubjectKind::data:
            return describe_data(description);
        case SubjectKind::backup:
            return describe_backup(description);
        case SubjectKind::spool:
            return describe_spool(description);
        case SubjectKind::probe:
            return describe_probe(description);
        case SubjectKind::collector:
            return describe_collector(description);
        case SubjectKind::host:
            return describe_host(description);
    }
}

std::string title_of(const Subject& subject) {
    if (subject.kind == SubjectKind::host) return "host";
    if (subject.id == "unknown-drive")
        return "the drive";  // of a saved output that does not name it
    return fmt::format("{} {}", to_string(subject.kind), subject.name());
}

// A drive may be in order and needed all the same.
std::string pull_warning(const Subject& subject, const Judge& judgements) {
    if (subject.kind != SubjectKind::drive) return "";
    switch (preflight(judgements, subject).verdict) {
        case PreflightVerdict::no_go:
            return "; do not pull it, see below";
        case PreflightVerdict::cannot_tell:
            return "; cannot tell whether it may be pulled, see below";
        case PreflightVerdict::go:
            return "";
    }
    return "";
}

// Why a backup is fine: "its newest copy is 17 h old, 26 h allowed". "": nothing proves it.
std::string proof_of(const Subject& subject, Timestamp now) {
    if (subject.kind != SubjectKind::backup || copy_state(subject, now) != CopyState::fresh)
        return "";
    const auto limit = subject.value(metric::backup_max_age_seconds);
    const std::string age = short_age(now - newest_copy(subject)->value);
    return fmt::format("its newest copy is {} old, {}", age,
                       limit ? short_age(*limit) + " allowed" : "none is due since");
}

// "drive sdb: CRITICAL  why", and further reasons that come from other subjects.
void add_judgement(std::vector<std::string>& lines, const Subject& subject, const Judge& judgements,
                   bool past, const ViewOptions& options) {
    const Judgement judgement = judgements.of(subject);
    const State state = state_of(subject, judgement, judgements.now());
    const size_t accepted = accepted_findings(subject);
    std::string text;
    if (judgement.reasons.empty() && accepted > 0)
        text = counted(static_cast<double>(accepted), "finding is", "findings are") +
               " accepted, see below" + pull_warning(subject, judgements);
    else if (judgement.reasons.empty() && subject.kind == SubjectKind::host)
        text = "lastgood itself works; what it found: lastgood status";
    else if (const std::string proof = proof_of(subject, judgements.now());
             judgement.reasons.empty() && !proof.empty() && !past)
        text = proof;
    else if (judgement.reasons.empty())
        text = (state.word == "fine" ? "no fault of it is known"
                                     : "no fault of it is known, as far as it can be seen") +
               pull_warning(subject, judgements);
    else if (!judgement.reasons.front().finding || judgement.reasons.front().related)
        text = judgement.reasons.front().text;
    else
        text = counted(static_cast<double>(subject.findings.size() - accepted), "finding",
                       "findings") +
               ", see below";
    const std::string word = (past ? "was " : "") + state.word;
    const Colour colour = past && judgement.health == Health::fine ? Colour::none : state.colour;
    const std::string start = title_of(subject) + ": ";
    for (size_t i = 0;
         const std::string& line : wrap(start + word + "  " + text, options.width, 2)) {
        const bool has_word = i++ == 0 && line.starts_with(start + word);
        lines.push_back(has_word ? coloured(title_of(subject), Colour::bold, options.colour) +
                                       ": " + coloured(word, colour, options.colour) +
                                       line.substr(start.size() + word.size())
                                 : line);
    }
    for (size_t i = 1; i < judgement.reasons.size(); ++i) {
        const Reason& reason = judgement.reasons[i];
        if (reason.finding != nullptr && reason.related == nullptr) continue;  // told in full below
        for (const std::string& line :
             wrap("also: " + reason.text, std::max<size_t>(options.width, 22) - 2, 6))
            lines.push_back("  " + line);
    }
}

// The findings of other subjects that make this one what it is said to be.
std::vector<Finding> findings_of(const Subject& subject, const Judgement& judgement) {
    std::vector<Finding> findings;
    for (const Finding* finding : subject.findings) findings.push_back(*finding);
    for (const Reason& reason : judgement.reasons) {
        if (reason.related == nullptr || reason.finding == nullptr) continue;
        if (std::ranges::find(findings, *reason.finding) == findings.end())
            findings.push_back(*reason.finding);
    }
    return findings;
}

void add_dead_agent(std::vector<std::string>& lines, const Report& report, Timestamp now,
                    const ViewOptions& options) {
    for (auto& line : wrap(fmt::format("UNKNOWN: the lastgood agent is not running. Everything "
                                       "below is {} old and may be outdated.",
                                       format_duration(std::abs(now - report.written_at))),
                           options.width)) {
        lines.push_back(coloured(line, Colour::magenta, options.colour));
    }
    lines.emplace_back();
}

}  // namespace

std::vector<std::string> subject_lines(const Subject& subject, const Judge& judgements,
                                       const ViewOptions& options, Ages ages) {
    Description description(subject, judgements, options.width, options.colour, ages);
    if (subject.name() != subject.id && !subject.id.empty())
        description.row("id", harmless(subject.id));
    describe(description);
    description.rest();
    return std::move(description.lines);
}

std::vector<std::string> titled_subject_lines(const Subject& subject, const Judge& judgements,
                                              const ViewOptions& options, Ages ages) {
    std::vector<std::string> lines{coloured(title_of(subject), Colour::bold, options.colour)};
    for (std::string& line : subject_lines(subject, judgements, options, ages))
        lines.push_back(std::move(line));
    return lines;
}

std::string render_subject(const Report& report, std::string_view word, Timestamp now,
                           const ViewOptions& options) {
    const Facts facts(report);
    const auto subjects = facts.named(word);
    if (subjects.empty()) return "";
    const Judge judgements(report, facts, now);
    const bool past = judge(report, judgements, options.agent_gone).agent_dead;
    std::vector<std::string> lines;
    bool may_accept = false;
    if (past) add_dead_agent(lines, report, now, options);
    for (const Subject* subject : subjects) {
        if (subject != subjects.front()) lines.emplace_back();
        add_judgement(lines, *subject, judgements, past, options);
        for (std::string& line : subject_lines(*subject, judgements, options, Ages::shown))
            lines.push_back(std::move(line));
        const Judgement judgement = judgements.of(*subject);
        const std::vector<Finding> findings = findings_of(*subject, judgement);
        add_findings(lines, facts, findings, now, past, options);
        if (!past &&
            std::ranges::any_of(findings, [](const Finding& one) { return !one.accepted; }))
            may_accept = true;
    }
    if (may_accept) {
        lines.emplace_back();
        lines.emplace_back("To live with a finding: lastgood accept");
    }
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

}  // namespace lastgood
