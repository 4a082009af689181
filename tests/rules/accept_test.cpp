#include "rules/accept.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/acceptance.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/drives.hpp"
#include "tests/rules/build.hpp"

using namespace lastgood;
using test::observation;

namespace {

constexpr Timestamp now = 1'800'000'000;

// A finding of "drive sda has N pending sectors", of the rules by which it is a warning.
std::vector<Finding> findings(double sectors, std::optional<double> accepted,
                              const char* drive = "a") {
    Rule rule;
    rule.name = "drive_suspect_pending";
    rule.severity = Severity::warning;
    rule.subject = SubjectKind::drive;
    rule.all_of = {{.left = metric::drive_pending_sectors, .limit = 0}};
    rule.summary = "{subject}";
    std::vector<Observation> observations{observation(metric::drive_pending_sectors, "a", sectors)};
    if (accepted) {
        const Labels labels{{"rule", "drive_suspect_pending"}, {"drive", drive}};
        observations.push_back(observation(metric::accepted, "", *accepted, labels));
        observations.push_back(
            observation(metric::accepted_until_timestamp_seconds, "", now + 5, labels));
    }
    RuleMemory memory;
    return evaluate(std::vector{rule}, observations, now, memory);
}

}  // namespace

TEST_CASE("a count is accepted up to its value, and speaks again when it grows") {
    REQUIRE(findings(16, 16).size() == 1);
    CHECK(findings(16, 16)[0].value == 16);
    REQUIRE(findings(16, 16)[0].accepted);
    CHECK(findings(16, 16)[0].accepted->until == now + 5);
    CHECK(findings(16, 16)[0].accepted->up_to == 16.0);
    CHECK(findings(15, 16)[0].accepted);
    CHECK_FALSE(findings(17, 16)[0].accepted);
    CHECK_FALSE(findings(16, std::nullopt)[0].accepted);
    CHECK_FALSE(findings(16, 16, "b")[0].accepted);
}

TEST_CASE("an acceptance is of one subject; a count that reached a limit may not grow either") {
    Rule rule;
    rule.name = "drive_suspect_pending";
    rule.severity = Severity::warning;
    rule.subject = SubjectKind::drive;
    rule.all_of = {{.left = metric::drive_pending_sectors,
                    .comparison = Comparison::greater_or_equal,
                    .limit = 1}};
    rule.summary = "{subject}";
    std::vector<Observation> observations;
    for (const auto& [drive, until] : {std::pair("a", 5), std::pair("b", 9)}) {
        const Labels labels{{"rule", "drive_suspect_pending"}, {"drive", drive}};
        observations.push_back(observation(metric::drive_pending_sectors, drive, 16));
        observations.push_back(observation(metric::accepted, "", 16, labels));
        observations.push_back(
            observation(metric::accepted_until_timestamp_seconds, "", now + until, labels));
    }
    observations.push_back(observation(metric::drive_pending_sectors, "c", 1));
    // "a until 5, c"
    const auto found = [&] {
        RuleMemory memory;
        std::string text;
        for (const Finding& one : evaluate(std::vector{rule}, observations, now, memory))
            text += fmt::format(
                "{}{}{}", text.empty() ? "" : ", ", one.subject,
                one.accepted ? fmt::format(" until {}", one.accepted->until - now) : "");
        return text;
    };
    CHECK(found() == "c, a until 5, b until 9");
    observations[0].value = 17;
    CHECK(found() == "a, c, b until 9");
}

TEST_CASE("what is lost or has failed is accepted for days only") {
    for (const char* name :
         {"array_failed", "array_fatal_members", "array_gone", "array_bad_blocks",
          "array_kernel_data_loss", "drive_failing_verdict", "drive_failing_smartd",
          "drive_failing_medium_errors", "drive_failing_dropped", "filesystem_damaged"}) {
        CAPTURE(std::string(name));
        const Rule* rule = find_rule(name);
        REQUIRE(rule);
        CHECK(acceptance_limit_of(*rule) == 7 * 86400);
    }
    REQUIRE(find_rule("filesystem_not_backed_up"));
    CHECK(acceptance_limit_of(*find_rule("filesystem_not_backed_up")) == acceptance_limit);
    CHECK(find_rule("no_such_rule") == nullptr);
}

TEST_CASE("counts are accepted by value; states and ages until a date") {
    CHECK(is_accepted_by_value(*find_rule("array_bad_blocks")));
    CHECK_FALSE(is_accepted_by_value(*find_rule("array_failed")));
    CHECK_FALSE(is_accepted_by_value(*find_rule("backup_too_old")));
}

TEST_CASE("the end of an acceptance") {
    CHECK(parse_until("90d", now).value() == now + 90 * 86400);
    const auto date = parse_until("2027-03-01", now);
    REQUIRE(date);
    CHECK(format_time(*date).starts_with("2027-03-01 00:00"));
    for (const char* wrong :
         {"", "soon", "0s", "2027-02-29", "2027-13-01", "2020-01-01", "90", "-3d", "2027-03-01x"}) {
        CAPTURE(std::string(wrong));
        CHECK_FALSE(parse_until(wrong, now));
    }
}
