#include "exporters/status/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/facts.hpp"
#include "core/judgement.hpp"
#include "exporters/status/findings.hpp"
#include "exporters/status/tables.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

using Lines = std::vector<std::string>;

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
    if (verdict.accepted > 0) parts.push_back(fmt::format("{} accepted", verdict.accepted));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string subject_counts(const Facts& facts) {
    std::vector<std::string> parts;
    for (const SubjectKind kind : {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem,
                                   SubjectKind::backup, SubjectKind::spool}) {
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

// Adds "db8: CRITICAL  text", wrapped.
void add_first_line(Lines& lines, const std::string& name, Health health, std::string_view text,
                    const ViewOptions& options) {
    const std::string word(loud_word_of(health));
    std::string start;
    for (const std::string& line :
         wrap(fmt::format("{}: {}  {}", name, word, text), options.width, indent)) {
        // The word is on the first line unless the name is very long.
        const size_t at = lines.empty() ? line.find(word, name.size()) : std::string::npos;
        lines.push_back(at == std::string::npos
                            ? line
                            : line.substr(0, at) +
                                  coloured(word, colour_of(health), options.colour) +
                                  line.substr(at + word.size()));
    }
}

std::string dead_agent_text(Seconds age, Timestamp written_at, const ViewOptions& options) {
    std::string text;
    if (options.agent_gone) {
        text = fmt::format("the lastgood agent is not running. Its last report is {} old ({}).",
                           format_duration(std::max(age, 0.0)), format_time(written_at));
    } else if (age > 0) {
        text = fmt::format("the lastgood agent is dead or hangs. Its last report is {} old ({}).",
                           format_duration(age), format_time(written_at));
    } else {
        text = fmt::format(
            "the last report is {} ahead of the clock ({}): the clock was set back, "
            "or the agent is dead.",
            format_duration(-age), format_time(written_at));
    }
    return text + " Everything below may be outdated.";
}

void add_headline(Lines& lines, const Report& report, const Judge& judgements,
                  const Verdict& verdict, const ViewOptions& options) {
    const std::string host = harmless(report.host.empty() ? "this host" : report.host);
    const Seconds age = judgements.now() - report.written_at;
    const std::string subjects = subject_counts(judgements.facts());
    const std::string counts = finding_counts(verdict);
    std::string text;
    if (verdict.agent_dead) {
        text = dead_agent_text(age, report.written_at, options);
    } else if (verdict.health == Health::fine && counts.empty()) {
        text = subjects;
    } else if (!counts.empty()) {
        text = fmt::format("{}{}{}", counts, subjects.empty() ? "" : " in ", subjects);
    } else {
        text = report.observations.empty() ? "nothing is known yet"
                                           : "not everything could be looked at; no fault is known";
    }
    const std::string report_age =
        verdict.agent_dead ? "" : fmt::format("report {} old", short_age(std::max(age, 0.0)));
    // On the first line if there is room: nothing else of it may be broken for it.
    const size_t first_line = host.size() + loud_word_of(verdict.health).size() + 4 + text.size();
    const bool fits = first_line + 2 + report_age.size() <= options.width;
    if (fits && !report_age.empty()) text += "; " + report_age;
    add_first_line(lines, host, verdict.health, text, options);
    if (verdict.agent_dead) {
        add_paragraph(
            lines, "", Colour::none,
            options.has_service
                ? "Restart it: systemctl restart lastgood. Its log: journalctl -u lastgood"
                : fmt::format("Start it again: lastgood run{}", options.config_option),
            options);
        add_paragraph(
            lines, "", Colour::none,
            fmt::format("At that time: {}.", counts.empty() ? "nothing wrong found" : counts),
            options);
    }
    if (const std::string proof = proof_of(judgements);
        verdict.health == Health::fine && !proof.empty())
        add_paragraph(lines, "", Colour::none, proof, options);
    if (const std::string behind = drives_behind_controllers(judgements); !behind.empty())
        add_paragraph(lines, "", Colour::none, behind, options);
    add_paragraph(lines, "", Colour::none,
                  (report.watched_since > 0
                       ? fmt::format("watched since {} ({})", format_time(report.watched_since),
                                     short_age(judgements.now() - report.watched_since))
                       : std::string("watched since: unknown")) +
                      (fits || report_age.empty() ? "" : "; " + report_age),
                  options);
}

}  // namespace

std::string render_status(const Report& report, Timestamp now, const ViewOptions& options) {
    const Facts facts(report);
    const Judge judgements(report, facts, now);
    const Verdict verdict = judge(report, judgements, options.agent_gone);
    Lines lines;
    add_headline(lines, report, judgements, verdict, options);
    add_findings(lines, facts, report.findings, now, verdict.agent_dead, options,
                 consequences(report, judgements, verdict.agent_dead, options));
    if (!verdict.not_known.empty() || !verdict.notes.empty()) {
        lines.emplace_back();
        add_list(lines, "UNKNOWN", Colour::magenta, verdict.not_known, 6, options);
        add_list(lines, "NOTE", Colour::none, verdict.notes, 6, options);
    }
    const TableContext context{judgements, verdict.agent_dead};
    add_tables(
        lines,
        {drive_table(context), array_table(context), filesystem_table(context), data_table(context),
         backup_table(context), spool_table(context), probe_table(context)},
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
                      : fmt::format("Start the agent: lastgood run{}", options.config_option),
                  options);
    return joined(lines);
}

Health explanation_health(const Report& report) {
    Health health = report.problems.empty() ? Health::fine : Health::unknown;
    for (const Finding& finding : report.findings)
        if (!finding.accepted) health = worse(health, health_of(finding.severity));
    return health;
}

}  // namespace lastgood
