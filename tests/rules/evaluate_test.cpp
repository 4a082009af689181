#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "rules/text.hpp"
#include "tests/rules/build.hpp"

using namespace lastgood;
using lastgood::test::names;
using lastgood::test::observation;
using Names = std::vector<std::string>;

namespace {

constexpr Timestamp now = 1'800'000'000;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Names holds(const std::vector<Rule>& rules, const std::vector<Observation>& observations,
            Timestamp at = now) {
    RuleMemory memory;
    return names(evaluate(rules, observations, at, memory));
}

Names all(const std::vector<Observation>& observations) {
    RuleMemory memory;
    evaluate(all_rules(), observations, now, memory);
    return names(evaluate(all_rules(), observations, now + 4 * 3600, memory));
}

Rule one(Condition condition, SubjectKind subject = SubjectKind::drive) {
    return Rule{.name = "a_rule", .subject = subject, .all_of = {std::move(condition)}};
}

}  // namespace

TEST_CASE("each comparison is right at its limit") {
    const auto test = [](Comparison comparison, double value) {
        const Rule rule =
            one({.left = metric::drive_pending_sectors, .comparison = comparison, .limit = 5});
        return !holds({rule}, {observation(metric::drive_pending_sectors, "a", value)}).empty();
    };
    CHECK(test(Comparison::greater_or_equal, 5));
    CHECK_FALSE(test(Comparison::greater_or_equal, 4));
    CHECK(test(Comparison::greater, 6));
    CHECK_FALSE(test(Comparison::greater, 5));
    CHECK(test(Comparison::less_or_equal, 5));
    CHECK_FALSE(test(Comparison::less_or_equal, 6));
    CHECK(test(Comparison::less, 4));
    CHECK_FALSE(test(Comparison::less, 5));
    CHECK(test(Comparison::equal, 5));
    CHECK_FALSE(test(Comparison::equal, 4));
    CHECK_FALSE(test(Comparison::equal, 6));
    CHECK(test(Comparison::present, -7));
    for (const Comparison comparison :
         {Comparison::equal, Comparison::less, Comparison::less_or_equal, Comparison::greater,
          Comparison::greater_or_equal}) {
        CHECK_FALSE(test(comparison, not_a_number));
    }
}

TEST_CASE("several series give the largest value, the smallest or the sum") {
    const std::vector<Observation> observations = {
        observation(metric::drive_kernel_errors_recent, "a", 1, {{"kind", "io"}}),
        observation(metric::drive_kernel_errors_recent, "a", 3, {{"kind", "medium"}}),
        observation(metric::drive_kernel_errors_recent, "b", 9, {{"kind", "other"}}),
    };
    const auto value = [&](Pick pick, std::vector<std::string_view> kinds) {
        Rule rule = one(
            {.left = Operand(metric::drive_kernel_errors_recent, "kind", std::move(kinds), pick),
             .comparison = Comparison::present});
        rule.summary = "{value}";
        RuleMemory memory;
        const auto findings = evaluate(std::vector{rule}, observations, now, memory);
        std::string text;
        for (const Finding& finding : findings) text += finding.subject + finding.summary + " ";
        return text;
    };
    CHECK(value(Pick::largest, {}) == "a3 b9 ");
    CHECK(value(Pick::smallest, {}) == "a1 b9 ");
    CHECK(value(Pick::sum, {}) == "a4 b9 ");
    CHECK(value(Pick::sum, {"io", "medium"}) == "a4 ");
    CHECK(value(Pick::largest, {"io"}) == "a1 ");
    CHECK(value(Pick::largest, {"none such"}).empty());
    Rule rule = one({.left = Operand(metric::drive_kernel_errors_recent, "kind", {"io", "other"}),
                     .comparison = Comparison::present});
    rule.all_of[0].left.except = true;
    CHECK(holds({rule}, observations) == Names{"a_rule a"});
}

TEST_CASE("a NaN is ignored beside a number, but makes a sum NaN") {
    const std::vector<Observation> observations = {
        observation(metric::drive_kernel_errors_recent, "a", not_a_number, {{"kind", "io"}}),
        observation(metric::drive_kernel_errors_recent, "a", 3, {{"kind", "medium"}}),
    };
    const auto at_least_one = [](Pick pick) {
        return one({.left = Operand(metric::drive_kernel_errors_recent, {}, {}, pick),
                    .comparison = Comparison::greater_or_equal,
                    .limit = 1});
    };
    CHECK(holds({at_least_one(Pick::largest)}, observations) == Names{"a_rule a"});
    CHECK(holds({at_least_one(Pick::smallest)}, observations) == Names{"a_rule a"});
    CHECK(holds({at_least_one(Pick::sum)}, observations).empty());
}

TEST_CASE("two values of the same subject are compared") {
    const Rule rule = one({.left = metric::drive_temperature_celsius,
                           .comparison = Comparison::greater,
                           .limit = 2,
                           .right = metric::drive_temperature_limit_celsius});
    const auto test = [&](const std::vector<Observation>& observations) {
        return holds({rule}, observations);
    };
    const auto temperature = observation(metric::drive_temperature_celsius, "a", 63);
    CHECK(test({temperature, observation(metric::drive_temperature_limit_celsius, "a", 60)}) ==
          Names{"a_rule a"});
    CHECK(
        test({temperature, observation(metric::drive_temperature_limit_celsius, "a", 61)}).empty());
    CHECK(
        test({temperature, observation(metric::drive_temperature_limit_celsius, "a", not_a_number)})
            .empty());
    CHECK(
        test({temperature, observation(metric::drive_temperature_limit_celsius, "b", 1)}).empty());
    CHECK(test({temperature}).empty());
    CHECK(test({observation(metric::drive_temperature_limit_celsius, "a", 1)}).empty());
}

TEST_CASE("ages and future times are compared with the clock") {
    const Rule old = one({.left = metric::array_unchecked_since_timestamp_seconds,
                          .clock = Clock::age,
                          .comparison = Comparison::greater,
                          .limit = 100},
                         SubjectKind::array);
    const auto seen = [](double time) {
        return std::vector{observation(metric::array_unchecked_since_timestamp_seconds, "x", time)};
    };
    CHECK(holds({old}, seen(now - 101)) == Names{"a_rule x"});
    CHECK(holds({old}, seen(now - 100)).empty());
    CHECK(holds({old}, seen(now + 1000)).empty());
    const Rule soon = one({.left = metric::filesystem_full_at_timestamp_seconds,
                           .clock = Clock::ahead,
                           .comparison = Comparison::less,
                           .limit = 100},
                          SubjectKind::filesystem);
    const auto full = [](double time) {
        return std::vector{observation(metric::filesystem_full_at_timestamp_seconds, "/", time)};
    };
    CHECK(holds({soon}, full(now + 99)) == Names{"a_rule /"});
    CHECK(holds({soon}, full(now - 5)) == Names{"a_rule /"});
    CHECK(holds({soon}, full(now + 100)).empty());
}

TEST_CASE("all conditions must hold for the same subject, and no unless condition") {
    Rule rule = one({.left = metric::drive_pending_sectors,
                     .comparison = Comparison::greater_or_equal,
                     .limit = 1});
    rule.all_of.push_back({.left = metric::drive_reallocated_sectors,
                           .comparison = Comparison::greater_or_equal,
                           .limit = 1});
    rule.all_of.push_back({.left = metric::drive_answering,
                           .comparison = Comparison::equal,
                           .limit = 0,
                           .unless = true});
    const auto pending = observation(metric::drive_pending_sectors, "a", 1);
    const auto reallocated = observation(metric::drive_reallocated_sectors, "a", 1);
    CHECK(holds({rule}, {pending, reallocated}) == Names{"a_rule a"});
    CHECK(holds({rule}, {pending}).empty());
    CHECK(holds({rule}, {pending, observation(metric::drive_reallocated_sectors, "b", 1)}).empty());
    CHECK(holds({rule}, {pending, reallocated, observation(metric::drive_answering, "a", 0)})
              .empty());
    CHECK(holds({rule}, {pending, reallocated, observation(metric::drive_answering, "b", 0)}) ==
          Names{"a_rule a"});
    CHECK(holds({rule},
                {pending, reallocated, observation(metric::drive_answering, "a", not_a_number)}) ==
          Names{"a_rule a"});
}

TEST_CASE("a series about another subject counts for the drive in its label") {
    const Rule rule = one({.left = Operand(metric::array_member, "state", {"faulty"}),
                           .comparison = Comparison::equal,
                           .limit = 1});
    CHECK(
        holds(
            {rule},
            {observation(metric::array_member, "md0", 1, {{"drive", "wwn-1"}, {"state", "faulty"}}),
             observation(metric::array_member, "md0", 1,
                         {{"drive", "wwn-2"}, {"state", "in_sync"}}),
             observation(metric::array_member, "md1", 1, {{"state", "faulty"}}),
             observation(metric::array_member, "md1", 1, {{"drive", ""}, {"state", "faulty"}})}) ==
        Names{"a_rule wwn-1"});
}

TEST_CASE("a rule about the host uses the series of all subjects and gives one finding") {
    Rule rule = one({.left = Operand(metric::drive_pending_sectors, {}, {}, Pick::sum),
                     .comparison = Comparison::greater_or_equal,
                     .limit = 3},
                    SubjectKind::host);
    rule.summary = "{value}";
    RuleMemory memory;
    const auto findings = evaluate(std::vector{rule},
                                   {observation(metric::drive_pending_sectors, "a", 1),
                                    observation(metric::drive_pending_sectors, "b", 2)},
                                   now, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].subject.empty());
    CHECK(findings[0].summary == "3");
}

TEST_CASE("a finding appears after the hold time and has the time of its start") {
    Rule rule = one({.left = metric::drive_pending_sectors,
                     .comparison = Comparison::greater_or_equal,
                     .limit = 1});
    rule.hold = 60;
    const std::vector rules = {rule};
    const std::vector bad = {observation(metric::drive_pending_sectors, "a", 1)};
    const std::vector good = {observation(metric::drive_pending_sectors, "a", 0)};
    RuleMemory memory;
    CHECK(evaluate(rules, bad, now, memory).empty());
    CHECK(memory.since.size() == 1);
    CHECK(evaluate(rules, bad, now + 59, memory).empty());
    auto findings = evaluate(rules, bad, now + 60, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].since == now);
    findings = evaluate(rules, bad, now + 6000, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].since == now);

    SUBCASE("a break restarts the hold time") {
        CHECK(evaluate(rules, good, now + 6001, memory).empty());
        CHECK(memory.since.empty());
        CHECK(evaluate(rules, bad, now + 6002, memory).empty());
        findings = evaluate(rules, bad, now + 6062, memory);
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].since == now + 6002);
    }
    SUBCASE("a subject that vanishes is forgotten") {
        CHECK(evaluate(rules, {}, now + 6001, memory).empty());
        CHECK(memory.since.empty());
    }
    SUBCASE("the hold time continues after a restart") {
        RuleMemory restored{memory.since};
        findings = evaluate(rules, bad, now + 7000, restored);
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].since == now);
    }
    SUBCASE("since is not in the future after the clock was set back") {
        CHECK(evaluate(rules, bad, now - 1000, memory).empty());
        findings = evaluate(rules, bad, now - 940, memory);
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].since == now - 1000);
    }
    SUBCASE("each subject has its own hold time") {
        std::vector both = bad;
        both.push_back(observation(metric::drive_pending_sectors, "b", 1));
        CHECK(names(evaluate(rules, both, now + 6001, memory)) == Names{"a_rule a"});
        CHECK(names(evaluate(rules, both, now + 6061, memory)) == Names{"a_rule a", "a_rule b"});
    }
}

TEST_CASE("a rule for Prometheus only is not evaluated on the host") {
    Rule rule = one({.left = metric::drive_pending_sectors, .comparison = Comparison::present});
    rule.prometheus_only = true;
    CHECK(holds({rule}, {observation(metric::drive_pending_sectors, "a", 1)}).empty());
}

TEST_CASE("findings are sorted worst first, with severity and kind of the rule") {
    std::vector<Rule> rules;
    for (const Severity severity : {Severity::unknown, Severity::warning, Severity::critical}) {
        Rule rule = one({.left = metric::drive_pending_sectors, .comparison = Comparison::present});
        rule.severity = severity;
        rule.name = to_string(severity);
        rules.push_back(rule);
    }
    RuleMemory memory;
    const auto findings =
        evaluate(rules, {observation(metric::drive_pending_sectors, "a", 1)}, now, memory);
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].severity == Severity::critical);
    CHECK(findings[2].severity == Severity::unknown);
    CHECK(findings[0].kind == SubjectKind::drive);
    CHECK(findings[0].rule == "critical");
}

TEST_CASE("texts name the subject and the value with its unit") {
    Rule rule =
        one({.left = metric::drive_used_endurance_ratio, .comparison = Comparison::present});
    rule.summary = "{subject}: {value} {value:percent} {value:size} {value:duration}";
    rule.advice = "smartctl -x /dev/{device}; {id}; {transport|no idea}";
    const auto value = observation(metric::drive_used_endurance_ratio, "wwn-1", 7200);
    RuleMemory memory;
    auto findings = evaluate(
        std::vector{rule},
        {value, observation(metric::drive_info, "wwn-1", 1, {{"device", "sdb"}, {"model", "M 1"}}),
         observation(metric::drive_info, "wwn-1", 1, {{"serial", "S1"}, {"device", ""}}),
         observation(metric::drive_info, "wwn-2", 1, {{"serial", "S2"}})},
        now, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].summary == "sdb (M 1, serial S1): 7200 7.2e+05% 7.0 KiB 2 h");
    CHECK(findings[0].steps.front() == "smartctl -x /dev/sdb; wwn-1; no idea");
    findings = evaluate(std::vector{rule},
                        {value, observation(metric::drive_info, "wwn-2", 1, {{"serial", "S2"}})},
                        now, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].summary ==
          "wwn-1 (model unknown, serial unknown): 7200 7.2e+05% 7.0 KiB 2 h");
    CHECK(findings[0].steps.front() == "smartctl -x /dev/DEVICE; wwn-1; no idea");
}

TEST_CASE("a label with braces or quotes is shown unchanged") {
    Rule rule = one({.left = metric::drive_pending_sectors, .comparison = Comparison::present});
    rule.summary = "{device} {";
    RuleMemory memory;
    const auto findings =
        evaluate(std::vector{rule},
                 {observation(metric::drive_pending_sectors, "a", 1),
                  observation(metric::drive_info, "a", 1, {{"device", "{id} \"x\" {{ $value }}"}})},
                 now, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].summary == "{id} \"x\" {{ $value }} {");
}

TEST_CASE("no observations give no findings") {
    CHECK(all({}).empty());
}
