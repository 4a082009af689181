// Helpers that make the rows of the rules' table readable. The limits of ages are in seconds; all
// others are in the unit of the metric.
#pragma once

#include <vector>

#include "rules/rule.hpp"

namespace lastgood::table {

constexpr Seconds minute = 60;
constexpr Seconds hour = 3600;
constexpr Seconds day = 86400;

// Selects the series whose label has none of these values.
inline Operand except(const Metric& metric, std::string_view label,
                      std::vector<std::string_view> values, Pick pick = Pick::largest) {
    Operand operand(metric, label, std::move(values), pick);
    operand.except = true;
    return operand;
}

inline Condition present(Operand left) {
    return {.left = std::move(left), .comparison = Comparison::present};
}
inline Condition is(Operand left, double value) {
    return {.left = std::move(left), .comparison = Comparison::equal, .limit = value};
}
inline Condition at_least(Operand left, double limit) {
    return {.left = std::move(left), .comparison = Comparison::greater_or_equal, .limit = limit};
}
inline Condition above(Operand left, double limit) {
    return {.left = std::move(left), .comparison = Comparison::greater, .limit = limit};
}
inline Condition below(Operand left, double limit) {
    return {.left = std::move(left), .comparison = Comparison::less, .limit = limit};
}
inline Condition above_other(Operand left, Operand right) {
    return {.left = std::move(left), .comparison = Comparison::greater, .right = std::move(right)};
}
inline Condition below_other(Operand left, Operand right) {
    return {.left = std::move(left), .comparison = Comparison::less, .right = std::move(right)};
}
// The timestamp is more than `slack` before the other one.
inline Condition before_other(Operand left, Operand right, Seconds slack) {
    return {.left = std::move(left),
            .comparison = Comparison::less,
            .limit = -slack,
            .right = std::move(right)};
}
// There is such a timestamp, however old; the value is its age.
inline Condition age_of(Operand left) {
    return {.left = std::move(left), .clock = Clock::age, .comparison = Comparison::present};
}
// The timestamp is more than `limit` ago.
inline Condition older_than(Operand left, Seconds limit) {
    return {.left = std::move(left),
            .clock = Clock::age,
            .comparison = Comparison::greater,
            .limit = limit};
}
// The timestamp is more than the other value, in seconds, plus `more` ago.
inline Condition older_than_other(Operand left, Operand right, Seconds more = 0) {
    return {.left = std::move(left),
            .clock = Clock::age,
            .comparison = Comparison::greater,
            .limit = more,
            .right = std::move(right)};
}
// The timestamp is less than the other value, in seconds, ago.
inline Condition younger_than_other(Operand left, Operand right) {
    return {.left = std::move(left),
            .clock = Clock::age,
            .comparison = Comparison::less,
            .right = std::move(right)};
}
// The timestamp is less than `limit` ahead.
inline Condition within(Operand left, Seconds limit) {
    return {.left = std::move(left),
            .clock = Clock::ahead,
            .comparison = Comparison::less,
            .limit = limit};
}
// The timestamp is more than `limit` ahead.
inline Condition later_than(Operand left, Seconds limit) {
    return {.left = std::move(left),
            .clock = Clock::ahead,
            .comparison = Comparison::greater,
            .limit = limit};
}
inline Condition unless(Condition condition) {
    condition.unless = true;
    return condition;
}
// Errors that ZFS reported, by the kernel log or by its event daemon: zpool shows them.
inline Condition from_zfs(const Metric& errors_recent) {
    return at_least(Operand(errors_recent, "layer", {"zed", "zfs"}), 1);
}

// Somebody's word that it is backed up elsewhere held until `until`.
inline Rule elsewhere_ended(std::string_view name, const Metric& until, std::vector<Condition> more,
                            std::string_view why) {
    more.insert(more.begin(), older_than(until, 0));
    return {
        .name = name,
        .severity = Severity::warning,
        .subject = until.subject,
        .all_of = std::move(more),
        .summary = "{subject}: {owner|somebody}'s word for its backup elsewhere has ended.",
        .advice =
            "Ask {owner|the owner} whether it still holds (\"{reason|no reason given}\").\n"
            "See that what is backed up there can be restored.\n"
            "Set a new until in its [[declared_elsewhere]] in {config}, or remove that.\n"
            "Apply it: {reload}",
        .also = {"owner", "reason"},
        .also_of = until,
        .why = why,
    };
}

std::vector<Rule> drive_failing_rules();
std::vector<Rule> drive_suspect_rules();
std::vector<Rule> drive_slow_rules();
std::vector<Rule> drive_message_rules();
std::vector<Rule> array_rules();
std::vector<Rule> array_risk_rules();
std::vector<Rule> filesystem_rules();
std::vector<Rule> data_rules();
std::vector<Rule> backup_rules();
std::vector<Rule> backup_plan_rules();
std::vector<Rule> backup_hop_rules();
std::vector<Rule> backup_job_rules();
std::vector<Rule> spool_rules();
std::vector<Rule> probe_rules();
std::vector<Rule> host_rules();
std::vector<Rule> agent_rules();

}  // namespace lastgood::table
