#include "exporters/status/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "exporters/status/tables.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

// The number of findings with the same rule and steps that are shown in full.
constexpr size_t spelled_out = 4;
constexpr size_t indent = 10;

std::string word_of(Severity severity) {
    switch (severity) {
        case Severity::critical:
            return "CRITICAL";
        case Severity::warning:
            return "WARNING";
        case Severity::unknown:
            return "UNKNOWN";
    }
    return "UNKNOWN";
}

struct Group {
    std::vector<const Finding*> findings;  // same rule, severity and steps
};

std::vector<Group> grouped(const std::vector<Finding>& findings) {
    std::vector<const Finding*> sorted;
    sorted.reserve(findings.size());
    for (const Finding& finding : findings) {
        if (!finding.accepted) sorted.push_back(&finding);
    }
    std::ranges::stable_sort(
        sorted, [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
    const auto less = [](const Finding* a, const Finding* b) {
        return std::tie(a->severity, a->rule, a->steps) < std::tie(b->severity, b->rule, b->steps);
    };
    std::vector<Group> groups;
    std::map<const Finding*, size_t, decltype(less)> place(less);
    for (const Finding* finding : sorted) {
        const auto [known, is_new] = place.emplace(finding, groups.size());
        if (is_new) groups.emplace_back();
        groups[known->second].findings.push_back(finding);
    }
    return groups;
}

void add_wrapped(std::vector<std::string>& lines, const std::string& start, size_t start_width,
                 std::string_view text, size_t left, const ViewOptions& options) {
    const size_t width = std::max<size_t>(options.width, left + 20) - left;
    std::string before = start + std::string(left > start_width ? left - start_width : 0, ' ');
    for (const std::string& line : wrap(text, width)) {
        lines.push_back(before + line);
        before.assign(left, ' ');
    }
}

// Must be done again after each change.
bool ends_a_change(std::string_view step) {
    return step.starts_with("Apply it") || step.starts_with("Check it");
}

// The steps that the screen does not show yet for this subject. Several findings
// about one drive may share steps; the screen shows each step once.
std::vector<std::string> new_steps(const Finding& finding,
                                   std::set<std::pair<std::string, std::string>>& said, bool past) {
    std::vector<std::string> steps;
    bool left_out = false;
    for (const std::string& one : finding.steps) {
        std::string step = harmless(one);
        if (const Step parts = split_step(step); past && parts.command.starts_with("kill -HUP "))
            step = fmt::format("{}: the agent does that when it starts.", parts.text);
        const bool is_new = said.emplace(finding.subject, step).second;
        if (is_new || (ends_a_change(step) && !steps.empty()))
            steps.push_back(std::move(step));
        else
            left_out = true;
    }
    if (left_out && !steps.empty())  // what is more urgent stands above
        steps.insert(steps.begin(), fmt::format("First do the steps above that are about this {}.",
                                                to_string(finding.kind)));
    return steps;
}

// A command gets a line of its own if it would be broken: it must
// be possible to copy it, so it stays whole even if it is longer than the screen.
void add_step(std::vector<std::string>& lines, const std::string& start, std::string_view step,
              size_t left, const ViewOptions& options) {
    const Step parts = split_step(step);
    if (parts.command.empty() || left + display_width(step) <= options.width)
        return add_wrapped(lines, start, left, step, left, options);
    add_wrapped(lines, start, left, std::string(parts.text) + ":", left, options);
    const size_t width = display_width(parts.command);
    const size_t room = options.width > width ? options.width - width : 0;
    lines.push_back(std::string(std::min(left, room), ' ') + std::string(parts.command));
}

// "by root until 2027-03-01 00:00 (in 90d): a spare is ordered"
std::string acceptance_text(const Acceptance& accepted, Timestamp now) {
    return fmt::format("by {} until {} ({}){}{}",
                       accepted.by.empty() ? "somebody" : harmless(accepted.by),
                       format_time(accepted.until), short_age(now - accepted.until),
                       accepted.reason.empty() ? "" : ": ", harmless(accepted.reason));
}

void add_accepted(std::vector<std::string>& lines, const std::vector<Finding>& findings,
                  Timestamp now, const ViewOptions& options) {
    for (bool first = true; const Finding& finding : findings) {
        if (!finding.accepted) continue;
        if (first) lines.emplace_back();
        first = false;
        add_wrapped(lines, "accepted", 8, harmless(finding.summary), indent, options);
        add_wrapped(lines, "", 0, acceptance_text(*finding.accepted, now), indent + 2, options);
    }
}

}  // namespace

void add_findings(std::vector<std::string>& lines, const Facts& facts,
                  const std::vector<Finding>& findings, Timestamp now, bool past,
                  const ViewOptions& options, const LinesOfFinding& more) {
    std::set<std::pair<std::string, std::string>> said_before;
    for (const Group& group : grouped(findings)) {
        const Finding& first = *group.findings.front();
        const std::string word = past ? "was " + word_of(first.severity) : word_of(first.severity);
        const size_t left = past ? indent + 4 : indent;
        // One finding beyond the limit is shown in full: naming it would take a line as well.
        const size_t said =
            group.findings.size() <= spelled_out + 1 ? group.findings.size() : spelled_out;
        lines.emplace_back();
        for (size_t i = 0; i < said; ++i) {
            const Finding& finding = *group.findings[i];
            std::string text = harmless(finding.summary);
            if (past && finding.since > 0) {
                // Nobody knows whether the condition lasted after the agent died: show no age.
                text += fmt::format(" (since {})", format_time(finding.since));
            } else if (finding.since > 0 && now - finding.since >= 1) {
                text += fmt::format(" (for {})", short_age(now - finding.since));
            }
            add_wrapped(lines, coloured(word, colour_of(finding.severity), options.colour),
                        word.size(), text, left, options);
            if (more)
                for (const std::string& line : more(finding))
                    lines.push_back(std::string(left, ' ') + line);
        }
        if (said < group.findings.size()) {
            std::vector<std::string> names;
            for (size_t i = said; i < group.findings.size(); ++i) {
                const Finding& finding = *group.findings[i];
                const Subject* subject = facts.find(finding.kind, finding.subject);
                names.push_back(subject != nullptr ? subject->name() : harmless(finding.subject));
            }
            add_wrapped(
                lines, "", 0,
                fmt::format("and {} more like this: {}", names.size(), fmt::join(names, ", ")),
                left, options);
        }
        std::string start = std::string(left, ' ') + "> ";
        const std::vector<std::string> steps = new_steps(first, said_before, past);
        for (size_t i = 0; i < steps.size(); ++i) {
            const std::string number = steps.size() > 1 ? fmt::format("{}. ", i + 1) : "";
            // Further lines are indented to the step's text, not to its number.
            add_step(lines, start + number, steps[i], left + 2 + number.size(), options);
            start.assign(left + 2, ' ');
        }
    }
    add_accepted(lines, findings, now, options);
}

}  // namespace lastgood
