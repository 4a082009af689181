#include "tests/benchmarks/incidents/account.hpp"

#include <algorithm>

#include "core/backup_plan.hpp"

namespace lastgood::simulation {

namespace {

// Counters of drives keep what happened for a week.
Seconds afterwards(const std::string& subject) {
    return subject.starts_with("wwn-") || subject.starts_with("md-") ? 7 * day + hour : hour;
}

std::string cause_of(const World& world, const std::string& subject) {
    const auto found = std::ranges::find_if(world.causes, [&](const Cause& cause) {
        return cause.from <= world.now && world.now <= cause.until + afterwards(subject) &&
               is_about(cause.subjects, subject);
    });
    return found == world.causes.end() ? "" : found->what;
}

}  // namespace

bool is_about(const std::set<std::string>& subjects, const std::string& subject) {
    return subjects.contains(subject) || subjects.contains(std::string(whole_of(subject)));
}

void Account::look(const World& world, const Report& report) {
    std::map<std::pair<std::string, std::string>, Timestamp> open;
    for (const Finding& finding : report.findings) {
        if (finding.accepted) continue;
        const std::pair key{finding.rule, finding.subject};
        open[key] = world.now;
        if (open_.contains(key)) continue;
        said_.push_back({finding.rule, finding.subject, finding.severity, world.now,
                         cause_of(world, finding.subject)});
    }
    open_ = std::move(open);
}

std::optional<Said> Account::first_about(const World& world, const Chain& chain,
                                         Severity at_least) const {
    const auto found = std::ranges::find_if(said_, [&](const Said& one) {
        return one.severity >= at_least && one.at >= world.incident.began &&
               is_about(world.incident.subjects, one.subject) &&
               std::ranges::any_of(chain.rules, [&](std::string_view rule) {
                   return std::string_view(one.rule).starts_with(rule);
               });
    });
    return found == said_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace lastgood::simulation
