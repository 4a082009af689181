#include "agent/memory/acceptances.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <set>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "rules/accept.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000;
constexpr Seconds day = 86400;

Observation drive(const char* id, const char* device, const char* serial) {
    return {&metric::drive_info, id, {{"device", device}, {"serial", serial}}, 1, now};
}

// The ids of the drives whose finding the configuration accepts.
std::vector<std::string> accepted_by(const char* word) {
    Config config;
    config.accepted = {{.rule = "drive_suspect_many_reallocated",
                        .subject = word,
                        .up_to = 8,
                        .until = now + day,
                        .reason = "x"}};
    std::vector<Observation> observations{
        drive("wwn-1", "sda", "EX1"), drive("wwn-2", "sdb", "EX2"), drive("wwn-3", "sdc", "EX2")};
    add_acceptances(State(), config, now, observations);
    std::vector<std::string> ids;
    for (const Observation& one : observations)
        if (one.metric == &metric::accepted) ids.emplace_back(one.label("drive"));
    return ids;
}

Acceptance degraded(Timestamp until) {
    return {.rule = "array_degraded",
            .kind = SubjectKind::array,
            .subject = "md",
            .up_to = 1,
            .until = until,
            .by = "root",
            .reason = "a drive is ordered"};
}

std::vector<Observation> members_missing(double count) {
    return {{&metric::array_degraded_members, "md", {}, count, now}};
}

void find(State& state, bool found) {
    RuleMemory memory;
    if (found) memory.since[{"array_degraded", "md"}] = now;
    state.set_rule_memory(memory);
}

}  // namespace

TEST_CASE("the configuration accepts by names that last, and of one subject") {
    CHECK(accepted_by("wwn-1") == std::vector<std::string>{"wwn-1"});
    CHECK(accepted_by("ex1") == std::vector<std::string>{"wwn-1"});
    CHECK(accepted_by("sda").empty());  // another drive after the next boot
    CHECK(accepted_by("/dev/sda").empty());
    CHECK(accepted_by("EX2").empty());  // two drives claim to be it
    CHECK(accepted_by("nobody").empty());
    CHECK(accepted_by("").empty());
}

TEST_CASE("the age of a paused backup and of its streams is accepted until the pause ends") {
    Config config;
    Backup backup;
    backup.name = "db8";
    backup.plan.paused_until = now + day;
    backup.plan.paused_by = "anna";
    backup.plan.paused_reason = "the server moves";
    config.backups = {backup};
    const auto accepted = [&](Timestamp at) {
        std::vector<Observation> observations;
        for (const char* id : {"db8", "db8/orders", "db80", "www"})
            observations.push_back({&metric::backup_info, id, {}, 1, at});
        add_acceptances(State(), config, at, observations);
        std::set<std::string> subjects, rules;
        for (const Observation& one : observations) {
            if (one.metric != &metric::accepted) continue;
            subjects.emplace(one.label("backup"));
            rules.emplace(one.label("rule"));
        }
        return std::pair(subjects, rules);
    };
    CHECK(accepted(now).first == std::set<std::string>{"db8", "db8/orders"});
    CHECK(accepted(now).second == std::set<std::string>{"backup_far_too_old", "backup_long_overdue",
                                                        "backup_overdue", "backup_streams_late",
                                                        "backup_streams_long_late",
                                                        "backup_too_old"});
    CHECK(accepted(now + day).first.empty());

    Report report;
    std::vector<Finding>& findings = report.findings;
    findings.resize(2);
    for (Finding& finding : findings) {
        finding.rule = "backup_too_old";
        finding.kind = SubjectKind::backup;
        finding.accepted.emplace().until = now + day;
    }
    findings[0].subject = "db8/orders";
    findings[1].subject = "www";
    name_acceptances(State(), config, report);
    CHECK(findings[0].accepted->by == "anna");
    CHECK(findings[0].accepted->reason == "the server moves");
    CHECK(findings[1].accepted->by == "the configuration");
}

TEST_CASE(
    "what somebody declares to be backed up elsewhere is accepted by that name, till its end") {
    Config config;
    config.elsewhere.emplace_back();
    const Metric& declared = metric::data_elsewhere_until_timestamp_seconds;
    Report report;
    report.observations = {
        {&declared, "files /srv", {{"owner", "anna"}, {"reason", "the NAS"}}, now + day, now},
        {&declared, "home /home", {{"owner", "ben"}, {"reason", "tapes"}}, now + day, now},
        {&declared, "mail /var/mail", {{"owner", "ben"}, {"reason", "tapes"}}, now - day, now},
        {&metric::filesystem_elsewhere_until_timestamp_seconds,
         "/",
         {{"owner", "anna"}, {"reason", "the NAS"}},
         now + day,
         now}};
    State state;
    state.accept({.rule = "data_not_backed_up",
                  .kind = SubjectKind::data,
                  .subject = "home /home",
                  .up_to = std::nullopt,
                  .until = now + 2 * day,
                  .by = "root",
                  .reason = "soon"});
    add_acceptances(state, config, now, report.observations);
    std::multiset<std::string> accepted;
    for (const Observation& one : report.observations)
        if (one.metric == &metric::accepted)
            accepted.insert(fmt::format("{} {}{}", one.label("rule"), one.label("data"),
                                        one.label("filesystem")));
    CHECK(accepted == std::multiset<std::string>{
                          "data_not_backed_up files /srv", "data_not_backed_up home /home",
                          "data_on_one_drive files /srv", "data_on_one_drive home /home",
                          "data_on_same_drives files /srv", "data_on_same_drives home /home",
                          "data_only_as_files files /srv", "data_only_as_files home /home",
                          "filesystem_not_backed_up /"});
    for (const char* subject : {"files /srv", "home /home"}) {
        Finding finding;
        finding.rule = "data_on_one_drive";
        finding.kind = SubjectKind::data;
        finding.subject = subject;
        finding.accepted.emplace().until = now + day;
        report.findings.push_back(finding);
    }
    name_acceptances(state, config, report);
    CHECK(report.findings[0].accepted->by == "anna");
    CHECK(report.findings[0].accepted->reason == "the NAS");
    CHECK(report.findings[1].accepted->by == "ben");
}

TEST_CASE("an acceptance ends a day after what it accepts") {
    State state;
    state.accept(degraded(now + 90 * day));
    find(state, true);
    CHECK(end_acceptances(state, members_missing(1), now).empty());
    find(state, false);
    CHECK(end_acceptances(state, members_missing(0), now + 1).empty());
    CHECK(end_acceptances(state, members_missing(0), now + day).empty());
    CHECK(state.acceptances().size() == 1);
    SUBCASE("over") {
        const auto ended = end_acceptances(state, members_missing(0), now + day + 1);
        REQUIRE(ended.size() == 1);
        CHECK(ended[0].rule == "array_degraded");
        CHECK(state.acceptances().empty());
    }
    SUBCASE("there again in between") {
        find(state, true);
        CHECK(end_acceptances(state, members_missing(1), now + day).empty());
        find(state, false);
        CHECK(end_acceptances(state, members_missing(0), now + day + 1).empty());
        CHECK(state.acceptances().size() == 1);
    }
    SUBCASE("that it is over is not known") {
        CHECK(end_acceptances(state, {}, now + day + 1).empty());
        const std::vector<Observation> of_another = {
            {&metric::array_degraded_members, "md1", {}, 0, now}};
        CHECK(end_acceptances(state, of_another, now + day + 1).empty());
        CHECK(end_acceptances(state, members_missing(0), now + 3 * day).empty());
        CHECK(state.acceptances().size() == 1);
    }
    SUBCASE("the clock was ahead") {
        CHECK(end_acceptances(state, members_missing(0), now - day).empty());
        CHECK(end_acceptances(state, members_missing(0), now - 1).empty());
        CHECK(state.acceptances().size() == 1);
        CHECK(end_acceptances(state, members_missing(0), now).size() == 1);
    }
}

TEST_CASE("an acceptance ends at its date") {
    State state;
    state.accept(degraded(now));
    find(state, true);
    CHECK(end_acceptances(state, members_missing(1), now - 1).empty());
    CHECK(state.acceptances().size() == 1);
    CHECK(end_acceptances(state, members_missing(1), now).empty());  // announced before
    std::vector<Observation> observations;
    add_acceptances(state, {}, now, observations);
    CHECK(observations.empty());
    // It is kept for a day: a clock that is ahead for a while must not take it away.
    CHECK(end_acceptances(state, members_missing(1), now - 1).empty());
    add_acceptances(state, {}, now - 1, observations);
    CHECK(observations.size() == 2);
    CHECK(end_acceptances(state, members_missing(1), now).empty());
    CHECK(end_acceptances(state, members_missing(1), now + day).empty());
    CHECK(state.acceptances().empty());
}

TEST_CASE("an acceptance that was made while the clock was years ahead is not in force") {
    const auto in_force = [](const char* rule, Timestamp until) {
        State state;
        Acceptance one = degraded(until);
        one.rule = rule;
        state.accept(one);
        std::vector<Observation> observations;
        add_acceptances(state, {}, now, observations);
        return !observations.empty();
    };
    CHECK(in_force("array_degraded", now + acceptance_limit));
    CHECK_FALSE(in_force("array_degraded", now + acceptance_limit + 2 * day));
    CHECK(in_force("array_failed", now + 7 * day));
    CHECK_FALSE(in_force("array_failed", now + 9 * day));
    CHECK_FALSE(in_force("array_degraded", now));
    CHECK_FALSE(in_force("no_such_rule", now + day));
}

TEST_CASE("an acceptance is of the value that was accepted") {
    State state;
    Acceptance one = degraded(now + day);
    one.up_to = 2;
    state.accept(one);
    std::vector<Observation> observations;
    add_acceptances(state, {}, now, observations);
    REQUIRE(observations.size() == 2);
    CHECK(observations[0].metric == &metric::accepted);
    CHECK(observations[0].value == 2);
}
