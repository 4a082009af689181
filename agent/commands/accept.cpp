#include "agent/commands/accept.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "agent/commands/caller.hpp"
#include "agent/requests.hpp"
#include "core/backup_plan.hpp"
#include "core/clock.hpp"
#include "core/facts.hpp"
#include "core/print.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "exporters/status/text.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

int refuse(const std::string& why) {
    print_error(fmt::format("lastgood accept: {}", why));
    return 3;
}

int say(std::string_view text) {
    return print_text(text) ? 0 : 3;
}

// The findings of the rule about a subject that `word` names; all of the rule if the word is empty.
std::vector<const Finding*> matching(const Report& report, const AcceptOptions& options) {
    const Facts facts(report);
    const std::vector<const Subject*> subjects = facts.named(options.subject);
    std::vector<const Finding*> found;
    for (const Finding& finding : report.findings) {
        if (finding.rule != options.rule) continue;
        const bool named = std::ranges::any_of(subjects, [&](const Subject* subject) {
            return subject->kind == finding.kind && subject->id == finding.subject;
        });
        if (named || (options.subject.empty() && finding.kind == SubjectKind::host))
            found.push_back(&finding);
    }
    if (!found.empty()) return found;
    // A backup of which streams have the finding stands for all of these.
    for (const Finding& finding : report.findings)
        if (finding.rule == options.rule && finding.kind == SubjectKind::backup &&
            whole_of(finding.subject) != finding.subject &&
            std::ranges::any_of(subjects, [&](const Subject* subject) {
                return subject->kind == SubjectKind::backup &&
                       subject->id == whole_of(finding.subject);
            }))
            found.push_back(&finding);
    return found;
}

// They are of streams of one backup, not of several that share a name.
bool are_streams(const std::vector<const Finding*>& findings) {
    return std::ranges::all_of(findings, [&](const Finding* one) {
        return one->kind == SubjectKind::backup && whole_of(one->subject) != one->subject &&
               whole_of(one->subject) == whole_of(findings.front()->subject);
    });
}

// "array_bad_blocks md0": a name that names nothing else, else the id.
std::string words_for(const Finding& finding, const Facts& facts) {
    if (finding.kind == SubjectKind::host) return finding.rule;
    const Subject* subject = facts.find(finding.kind, finding.subject);
    if (subject == nullptr) return fmt::format("{} {}", finding.rule, harmless(finding.subject));
    const std::string name = subject->name();
    const bool alone = std::ranges::count(facts.named(name), finding.kind, &Subject::kind) == 1;
    return fmt::format("{} {}", finding.rule, alone ? name : harmless(finding.subject));
}

std::string list_findings(const Report& report) {
    const Facts facts(report);
    std::string text;
    for (const Finding& finding : report.findings)
        text += fmt::format("\n  {}", words_for(finding, facts));
    return text.empty() ? "; there are no findings now" : "; the findings now are:" + text;
}

// The summary below a command, no wider than a terminal.
std::string below(std::string_view summary) {
    std::string text;
    for (const std::string& line : wrap(harmless(summary), 80 - 6)) text += "      " + line + "\n";
    return text;
}

int list(const Report& report, const AcceptOptions& options) {
    const Facts facts(report);
    std::string open, accepted;
    for (const Finding& finding : report.findings) {
        std::string& text = finding.accepted ? accepted : open;
        text += fmt::format("  lastgood accept {} {}{}\n{}", words_for(finding, facts),
                            finding.accepted ? "--revoke" : "--reason \"...\"",
                            options.config_option, below(finding.summary));
    }
    if (report.findings.empty()) return say("There is nothing to accept: no finding now.\n");
    if (!open.empty())
        open = "To live with a finding, for 90 days if --until does not say otherwise:\n" + open;
    if (!accepted.empty()) accepted = "Accepted; to end that:\n" + accepted;
    return say(open + accepted);
}

constexpr Seconds usual_time = 90 * 86400.0;
constexpr const char* when_it_shows = "lastgood status shows it within 15 s.";

int revoke(const Config& config, const Report& report,
           const std::vector<const Finding*>& findings) {
    std::vector<const Finding*> accepted;
    std::ranges::copy_if(findings, std::back_inserter(accepted),
                         [](const Finding* one) { return one->accepted.has_value(); });
    if (accepted.empty())
        return refuse(
            fmt::format("{} was not accepted when the agent wrote its report, {} ago",
                        words_for(*findings.front(), Facts(report)),
                        format_duration(std::max(wall_clock() - report.written_at, 0.0))));
    for (const Finding* finding : accepted)
        if (const auto asked = ask_to_revoke(config, finding->rule, finding->subject); !asked)
            return refuse(asked.error().message);
    return say(fmt::format(
        "{} again. {}\n",
        accepted.size() == 1 ? "It counts" : fmt::format("{} findings count", accepted.size()),
        when_it_shows));
}

// "Accepted until …", and what ends it.
std::string accepted_words(const std::vector<Acceptance>& accepted, const Finding& first,
                           const Report& report, const AcceptOptions& options) {
    const Facts facts(report);
    const bool alone = accepted.size() == 1;
    std::string text = fmt::format("Accepted until {}:\n", format_time(accepted.front().until));
    if (alone)
        text += below(first.summary);
    else
        text += below(fmt::format("{} of {} streams of {}", first.rule, accepted.size(),
                                  whole_of(first.subject)));
    if (accepted.front().up_to)
        text +=
            alone ? "It counts again if it gets worse. " : "Each counts again if it gets worse. ";
    return text + fmt::format("{}\nTo end it: lastgood accept {} --revoke{}\n", when_it_shows,
                              alone ? words_for(first, facts)
                                    : fmt::format("{} {}", first.rule, whole_of(first.subject)),
                              options.config_option);
}

}  // namespace

int run_accept(const Config& config, const AcceptOptions& options) {
    const auto report = read_report(report_path(config));
    if (!report) return refuse(report.error().message);
    if (options.rule.empty()) return list(*report, options);
    const Rule* rule = find_rule(options.rule);
    if (!rule)
        return refuse(fmt::format("there is no rule \"{}\"{}", harmless(options.rule),
                                  list_findings(*report)));
    const std::vector<const Finding*> found = matching(*report, options);
    if (found.empty())
        return refuse(fmt::format("{} does not warn of \"{}\"{}", rule->name,
                                  harmless(options.subject), list_findings(*report)));
    if (found.size() > 1 && !are_streams(found))
        return refuse(
            fmt::format("\"{}\" names several; give the id, which lastgood status NAME "
                        "shows",
                        harmless(options.subject)));
    if (options.revoke) return revoke(config, *report, found);
    if (options.reason.empty()) return refuse("it needs a reason: --reason \"...\"");
    const Timestamp now = wall_clock();
    const auto until = options.until.empty()
                           ? now + std::min(usual_time, acceptance_limit_of(*rule))
                           : parse_until(options.until, now);
    if (!until) return refuse(until.error().message);
    std::vector<Acceptance> accepted;
    for (const Finding* finding : found) {
        Acceptance one{finding->rule, finding->kind, finding->subject,        {},
                       *until,        caller(),      harmless(options.reason)};
        if (is_accepted_by_value(*rule)) one.up_to = finding->value;
        if (const std::string why = why_not_acceptable(one, now); !why.empty()) return refuse(why);
        accepted.push_back(std::move(one));
    }
    for (const Acceptance& one : accepted)
        if (const auto asked = ask_to_accept(config, one); !asked)
            return refuse(asked.error().message);
    return say(accepted_words(accepted, *found.front(), *report, options));
}

}  // namespace lastgood
