#include "exporters/status/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/facts.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/drives.hpp"
#include "exporters/status/findings.hpp"
#include "exporters/status/tables.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

using Lines = std::vector<std::string>;

std::string_view word_of(Health health) {
    switch (health) {
        case Health::fine:
            return "FINE";
        case Health::warning:
            return "WARNING";
        case Health::critical:
            return "CRITICAL";
        case Health::unknown:
            return "UNKNOWN";
    }
    return "UNKNOWN";
}

Colour colour_of(Health health) {
    switch (health) {
        case Health::fine:
            return Colour::green;
        case Health::warning:
            return Colour::yellow;
        case Health::critical:
            return Colour::red;
        case Health::unknown:
            return Colour::magenta;
    }
    return Colour::magenta;
}

std::string count_of(size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string finding_counts(const Verdict& verdict) {
    std::vector<std::string> parts;
    if (verdict.critical > 0) {
        parts.push_back(fmt::format("{} critical", verdict.critical));
    }
    if (verdict.warning > 0) {
        parts.push_back(count_of(verdict.warning, "warning"));
    }
    if (verdict.unknown > 0) {
        parts.push_back(fmt::format("{} unknown", verdict.unknown));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string subject_counts(const Facts& facts) {
    std::vector<std::string> parts;
    for (const SubjectKind kind :
         {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem, SubjectKind::backup}) {
        if (const size_t count = facts.of(kind).size(); count > 0) {
            parts.push_back(count_of(count, to_string(kind)));
        }
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

constexpr size_t indent = 10;

// Adds "CRITICAL  text", wrapped, with the first word in colour.
void add_paragraph(Lines& lines, std::string_view word, Colour colour, std::string_view text,
                   const ViewOptions& options) {
    const size_t width = std::max<size_t>(options.width, indent + 20) - indent;
    bool first = true;
    for (const std::string& line : wrap(text, width)) {
        std::string start(indent, ' ');
        if (first) {
            start = coloured(word, colour, options.colour) +
                    std::string(indent > word.size() ? indent - word.size() : 1, ' ');
        }
        lines.push_back(start + line);
        first = false;
    }
}

// Adds a title and at most `limit` entries, one paragraph each.
void add_list(Lines& lines, std::string_view title, Colour colour,
              const std::vector<std::string>& entries, size_t limit, const ViewOptions& options) {
    size_t shown = 0;
    for (const std::string& entry : entries) {
        if (shown == limit) {
            add_paragraph(lines, "", Colour::none,
                          fmt::format("and {} more: lastgood status --json lists them",
                                      entries.size() - shown),
                          options);
            break;
        }
        add_paragraph(lines, shown == 0 ? title : "", colour, entry, options);
        ++shown;
    }
}

std::string joined(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line;
        text += '\n';
    }
    return text;
}

void add_tables(Lines& lines, std::vector<Table> tables, const ViewOptions& options) {
    size_t total = lines.size() + 1;  // with the line of the next prompt
    for (const Table& table : tables) {
        total += table.lines() == 0 ? 0 : table.lines() + 1;
    }
    while (options.height > 0 && total > options.height) {
        const auto longest = std::ranges::max_element(tables, {}, &Table::foldable);
        if (longest == tables.end() || longest->foldable() == 0) {
            break;
        }
        total -= longest->foldable();
        longest->fold = true;
    }
    for (const Table& table : tables) {
        if (table.lines() > 0) {
            lines.emplace_back();
            const auto more = table.format(options.width, options.colour);
            lines.insert(lines.end(), more.begin(), more.end());
        }
    }
}

void add_headline(Lines& lines, const Report& report, const Facts& facts, const Verdict& verdict,
                  Timestamp now, const ViewOptions& options) {
    const std::string host = harmless(report.host.empty() ? "this host" : report.host);
    const Seconds age = now - report.written_at;
    std::string text;
    if (verdict.agent_dead) {
        if (options.agent_gone) {
            text = fmt::format(
                "{}: the lastgood agent is not running. Its last report is {} old ({}).", host,
                format_duration(std::max(age, 0.0)), format_time(report.written_at));
        } else if (age > 0) {
            text = fmt::format(
                "{}: the lastgood agent is dead or hangs. Its last report is {} old ({}).", host,
                format_duration(age), format_time(report.written_at));
        } else {
            text = fmt::format(
                "{}: the last report is {} ahead of the clock ({}): the clock was set "
                "back, or the agent is dead.",
                host, format_duration(-age), format_time(report.written_at));
        }
        text += " Everything below may be outdated.";
    } else if (verdict.health == Health::fine) {
        text = fmt::format("{}: nothing wrong found in {}", host, subject_counts(facts));
    } else if (const auto counts = finding_counts(verdict); !counts.empty()) {
        const std::string subjects = subject_counts(facts);
        text = fmt::format("{}: {}{}{}", host, counts, subjects.empty() ? "" : " in ", subjects);
    } else {
        text = fmt::format("{}: some checks failed; the others found nothing wrong", host);
        if (report.observations.empty()) {
            text = fmt::format("{}: nothing is known yet", host);
        }
    }
    add_paragraph(lines, word_of(verdict.health), colour_of(verdict.health), text, options);
    if (verdict.agent_dead) {
        add_paragraph(
            lines, "", Colour::none,
            options.has_service
                ? "Restart it: systemctl restart lastgood. Its log: journalctl -u lastgood"
                : "Start it again: lastgood run",
            options);
        const auto counts = finding_counts(verdict);
        add_paragraph(
            lines, "", Colour::none,
            fmt::format("At that time: {}.", counts.empty() ? "nothing wrong found" : counts),
            options);
    }
    std::string watched =
        report.watched_since > 0
            ? fmt::format("watched since {} ({})", format_time(report.watched_since),
                          short_age(now - report.watched_since))
            : "watched since: unknown";
    if (!verdict.agent_dead) {
        watched += fmt::format("; report {} old", short_age(std::max(age, 0.0)));
    }
    add_paragraph(lines, "", Colour::none, watched, options);
}

// Adds drives whose health should be known but is not (not_known), and drives that report no health
// data (notes).
void judge_drives(const Facts& facts, Verdict& verdict) {
    std::vector<std::string> silent;
    for (const Subject* drive : facts.of(SubjectKind::drive)) {
        const bool found = drive->worst.has_value();
        switch (drive_state(*drive)) {
            case DriveState::fine:
                break;
            case DriveState::failed:
                if (!found) {
                    verdict.not_known.push_back(drive->name() + " reports that it has failed");
                }
                break;
            case DriveState::gone:
                if (!found) {
                    verdict.not_known.push_back(drive->name() + " has disappeared");
                }
                break;
            case DriveState::not_answering:
                if (!found) {
                    verdict.not_known.push_back(drive->name() + " did not answer the last query");
                }
                break;
            case DriveState::not_read:
                verdict.not_known.push_back(drive->name() + ": its health has not been read yet");
                break;
            case DriveState::asleep:
                if (!drive->first(metric::drive_read_timestamp_seconds)) {
                    verdict.not_known.push_back(
                        drive->name() +
                        ": asleep since it was first seen; its health has not been read yet");
                }
                break;
            case DriveState::no_health_data:
                silent.push_back(drive->name());
                break;
        }
    }
    if (!silent.empty()) {
        const bool all = silent.size() == facts.of(SubjectKind::drive).size();
        const size_t shown = std::min<size_t>(silent.size(), 12);
        verdict.notes.push_back(fmt::format(
            "{}no health data from {}{} (virtual drives and some USB bridges have none)",
            all ? "no drive here reports its health: " : "",
            fmt::join(silent.begin(), silent.begin() + static_cast<ptrdiff_t>(shown), ", "),
            silent.size() > shown ? fmt::format(" and {} more", silent.size() - shown) : ""));
    }
}

void judge_collectors(const Report& report, const Facts& facts, Timestamp now, Verdict& verdict) {
    for (const Problem& problem : report.problems) {
        const Subject* drive = facts.find(SubjectKind::drive, problem.subject);
        const std::string subject = drive != nullptr ? drive->name() : harmless(problem.subject);
        verdict.not_known.push_back(fmt::format(
            "{}{}{}: {}{}", harmless(problem.collector), subject.empty() ? "" : ": ", subject,
            harmless(problem.message),
            problem.since > 0
                ? fmt::format(" (for {})", short_age(std::max(now - problem.since, 0.0)))
                : ""));
    }
    for (const Subject* collector : facts.of(SubjectKind::collector)) {
        const bool told =
            collector->worst || std::ranges::any_of(report.problems, [&](const Problem& problem) {
                return problem.collector == collector->id;
            });
        if (!told && collector->value(metric::collector_success) == 0) {
            verdict.not_known.push_back(collector->name() + ": its last run failed");
        }
    }
}

}  // namespace

int exit_code(Health health) {
    switch (health) {
        case Health::fine:
            return 0;
        case Health::warning:
            return 1;
        case Health::critical:
            return 2;
        case Health::unknown:
            return 3;
    }
    return 3;
}

Verdict judge(const Report& report, Timestamp now, bool agent_gone) {
    const Facts facts(report);
    Verdict verdict;
    verdict.agent_dead = agent_gone || std::abs(now - report.written_at) > agent_silence;
    for (const Finding& finding : report.findings) {
        switch (finding.severity) {
            case Severity::critical:
                ++verdict.critical;
                break;
            case Severity::warning:
                ++verdict.warning;
                break;
            case Severity::unknown:
                ++verdict.unknown;
                break;
        }
    }
    const bool drives = !facts.of(SubjectKind::drive).empty();
    const bool filesystems = !facts.of(SubjectKind::filesystem).empty();
    const bool backups = !facts.of(SubjectKind::backup).empty();
    if (!drives && !filesystems && !backups && facts.of(SubjectKind::array).empty()) {
        verdict.not_known.emplace_back(
            facts.of(SubjectKind::collector).empty()
                ? "no collector has reported yet"
                : "no drive, array, filesystem or backup was found here");
    } else if (!drives) {
        verdict.notes.emplace_back(
            "no drive was found (a container, or no permission?): what lies under the filesystems "
            "is unknown");
    }
    judge_collectors(report, facts, now, verdict);
    judge_drives(facts, verdict);
    if (!backups) {
        verdict.notes.emplace_back(
            "no backup is configured, so no copy is watched; find backups: lastgood config "
            "discover");
    }
    if (verdict.critical > 0) {
        verdict.health = Health::critical;
    } else if (verdict.warning > 0) {
        verdict.health = Health::warning;
    } else if (verdict.unknown > 0 || !verdict.not_known.empty()) {
        verdict.health = Health::unknown;
    }
    if (verdict.agent_dead) {
        verdict.health = Health::unknown;
    }
    return verdict;
}

std::string render_status(const Report& report, Timestamp now, const ViewOptions& options) {
    const Facts facts(report);
    const Verdict verdict = judge(report, now, options.agent_gone);
    Lines lines;
    add_headline(lines, report, facts, verdict, now, options);
    add_findings(lines, facts, report.findings, now, verdict.agent_dead, options);
    if (!verdict.not_known.empty() || !verdict.notes.empty()) {
        lines.emplace_back();
        add_list(lines, "UNKNOWN", Colour::magenta, verdict.not_known, 6, options);
        add_list(lines, "NOTE", Colour::none, verdict.notes, 6, options);
    }
    const TableContext context{facts, now, verdict.agent_dead};
    add_tables(lines,
               {drive_table(context), array_table(context), filesystem_table(context),
                backup_table(context)},
               options);
    return joined(lines);
}

std::string render_no_report(const Error& error, std::string_view path,
                             const ViewOptions& options) {
    Lines lines;
    std::string text;
    switch (error.kind) {
        case ErrorKind::absent:
            text = fmt::format(
                "there is no report at {}: the lastgood agent is not running, or has not "
                "written its first report yet.",
                harmless(path));
            break;
        case ErrorKind::denied:
            text = fmt::format("no permission to read the report: {}", harmless(error.message));
            break;
        case ErrorKind::failed:
        case ErrorKind::malformed:
        case ErrorKind::timed_out:
            text = fmt::format("the report cannot be read: {}", harmless(error.message));
            break;
    }
    text += " Nothing is known about this host.";
    add_paragraph(lines, "UNKNOWN", Colour::magenta, text, options);
    add_paragraph(lines, "", Colour::none,
                  options.has_service
                      ? "Start the agent: systemctl start lastgood. Its log: journalctl -u lastgood"
                      : "Start the agent: lastgood run",
                  options);
    return joined(lines);
}

Health explanation_health(const Report& report) {
    Health health = report.problems.empty() ? Health::fine : Health::unknown;
    std::optional<Severity> worst;
    for (const Finding& finding : report.findings) {
        worst = std::max(worst.value_or(finding.severity), finding.severity);
    }
    if (worst) {
        switch (*worst) {
            case Severity::critical:
                health = Health::critical;
                break;
            case Severity::warning:
                health = Health::warning;
                break;
            case Severity::unknown:
                health = Health::unknown;
                break;
        }
    }
    return health;
}

}  // namespace lastgood
