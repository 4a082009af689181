#include "agent/commands/accept.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "agent/requests.hpp"
#include "core/clock.hpp"
#include "core/facts.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

// Who calls, also through sudo.
std::string caller() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no second thread runs.
    if (const char* user = std::getenv("SUDO_USER"); user && *user) return harmless(user);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no second thread runs.
    const passwd* entry = ::getpwuid(::getuid());
    return entry ? harmless(entry->pw_name) : fmt::format("uid {}", ::getuid());
}

int refuse(const std::string& why) {
    fmt::print(stderr, "lastgood accept: {}\n", why);
    return 3;
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
    return found;
}

std::string list_findings(const Report& report) {
    std::string text;
    for (const Finding& finding : report.findings)
        text += fmt::format("\n  {} {}", finding.rule, harmless(finding.subject));
    return text.empty() ? "; there are no findings now" : "; the findings now are:" + text;
}

int revoke(const Config& config, const Finding& finding) {
    if (!finding.accepted)
        return refuse(fmt::format("{} of {} is not accepted", finding.rule, finding.subject));
    if (const auto asked = ask_to_revoke(config, finding.rule, finding.subject); !asked)
        return refuse(asked.error().message);
    fmt::print("The agent ends this acceptance with its next report, within 15 s.\n");
    return 0;
}

}  // namespace

int run_accept(const Config& config, const AcceptOptions& options) {
    const auto report = read_report(report_path(config));
    if (!report) return refuse(report.error().message);
    const Rule* rule = find_rule(options.rule);
    if (!rule)
        return refuse(
            fmt::format("there is no rule \"{}\"; each line of lastgood status --json "
                        "names its rule",
                        harmless(options.rule)));
    const std::vector<const Finding*> found = matching(*report, options);
    if (found.size() != 1)
        return refuse(found.empty() ? fmt::format("{} does not warn of \"{}\"{}", rule->name,
                                                  harmless(options.subject), list_findings(*report))
                                    : fmt::format("\"{}\" names several; give the id",
                                                  harmless(options.subject)));
    const Finding& finding = *found.front();
    if (options.revoke) return revoke(config, finding);
    const Timestamp now = wall_clock();
    const auto until = parse_until(options.until, now);
    if (!until) return refuse(until.error().message);
    Acceptance one{finding.rule, finding.kind, finding.subject,         {},
                   *until,       caller(),     harmless(options.reason)};
    if (is_accepted_by_value(*rule)) one.up_to = finding.value;
    if (const std::string why = why_not_acceptable(one, now); !why.empty()) return refuse(why);
    if (const auto asked = ask_to_accept(config, one); !asked) return refuse(asked.error().message);
    fmt::print("Accepted until {}: {}\n", format_time(one.until), harmless(finding.summary));
    if (one.up_to) fmt::print("It speaks again if it gets worse.\n");
    return 0;
}

}  // namespace lastgood
