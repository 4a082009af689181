// Rules on the next loss of an array: members that must not fail, and may.
#include "core/metrics/array_risk.hpp"

#include "core/metrics/arrays.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

Rule at_risk(std::string_view name, Severity severity, std::string_view risk,
             std::string_view summary, std::string_view advice, std::string_view why) {
    return {
        .name = name,
        .severity = severity,
        .subject = SubjectKind::array,
        .all_of = {at_least(Operand(metric::array_member_risk, "risk", {risk}, Pick::sum), 1),
                   unless(is(metric::array_failed, 1)), unless(is(metric::array_present, 0))},
        .summary = summary,
        .advice = advice,
        .why = why,
    };
}

constexpr std::string_view save_first =
    "Check the newest backup now; make one if it is old: lastgood status\n"
    "See which drives must stay: lastgood status {name}\n"
    "Copy what matters off before a rebuild reads all of it.\n"
    "Do not pull or power off any member.";

}  // namespace

std::vector<Rule> array_risk_rules() {
    return {
        at_risk("array_member_with_errors_must_stay", Severity::critical, "errors",
                "Array {subject}: {value:member|members} with errors must not fail: no other copy "
                "is safe.",
                save_first,
                "The member is the last copy of some data, or its partner has errors, too. A "
                "rebuild reads all of it. A RAID 10 was lost when the mirror partner died during "
                "the rebuild."),
        at_risk("array_slow_member_must_stay", Severity::critical, "slow",
                "Array {subject}: {value:slow member|slow members} must not fail: no other copy is "
                "safe.",
                save_first,
                "A drive that is slow beside its siblings often dies next. The member is the last "
                "copy of some data, or its partner is in trouble, too."),
        at_risk("array_member_unread_must_stay", Severity::warning, "unread",
                "Array {subject}: {value:member|members} that must not fail went unread for long.",
                save_first,
                "Neither a check of the array nor an extended self-test has read it in the last 35 "
                "days, as far as lastgood knows: the rebuild may meet sectors that nobody can "
                "read."),
        at_risk("array_member_alike_must_stay", Severity::warning, "alike",
                "Array {subject}: {value:member|members} like the failed one must not fail.",
                save_first,
                "Same model, same firmware, and a time powered on within 10%: what made the one "
                "fail may make the other fail soon."),
    };
}

}  // namespace lastgood::table
