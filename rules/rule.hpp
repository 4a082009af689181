// A rule: comparisons over observations. From the same row come the verdict that `lastgood status`
// shows and the PromQL alert that `lastgood rules` prints, so that host and Prometheus cannot
// disagree.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/observation.hpp"
#include "core/report.hpp"

namespace lastgood {

// Which of a subject's series counts, when it has several (one for each kind of error, say).
enum class Pick { largest, smallest, sum };

// The value compared: of all series of `metric` with the wanted labels, per subject, the picked
// one. The subject is the metric's own, or, where the rule is about another kind of subject, the
// label of that kind ("drive" of array_member); series without it do not count. A NaN fulfils no
// comparison.
struct Operand {
    Operand() = default;
    // Implicit on purpose: in the table a metric alone stands for "its largest series".
    Operand(const Metric& of, std::string_view label_key = {},
            std::vector<std::string_view> label_values = {}, Pick which = Pick::largest)
        : metric(&of), label(label_key), values(std::move(label_values)), pick(which) {}

    const Metric* metric = nullptr;
    std::string_view label;                // a label to match, e.g. "kind"; empty: none
    std::vector<std::string_view> values;  // it is one of these
    Pick pick = Pick::largest;
    bool except = false;  // turned round: the label is none of `values`
};

enum class Comparison {
    present,  // there is such a series, whatever its value
    equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
};

enum class Clock {
    none,   // value OP limit
    age,    // clock - value OP limit, for timestamps in the past
    ahead,  // value - clock OP limit, for timestamps in the future
};

struct Condition {
    Operand left = {};
    Clock clock = Clock::none;
    Comparison comparison = Comparison::greater;
    double limit = 0;  // added to `right` if there is one
    Operand right =
        {};  // metric nullptr: only the limit. A subject without it: the condition does not hold
    bool unless = false;  // turned round: must not hold. A subject without the series passes
};

struct Rule {
    std::string_view name = {};  // snake_case; the alert is its CamelCase with "Lastgood" before it
    Severity severity = Severity::unknown;
    SubjectKind subject = SubjectKind::host;
    // Every one must hold for the same subject. The first gives the value that the texts show, and
    // is no `unless`.
    std::vector<Condition> all_of = {};
    Seconds hold = 0;  // for so long without a break
    // Texts with placeholders, see rules/text.hpp. tests/rules/table_test.cpp holds them to the
    // limits named here, with every placeholder filled in.
    std::string_view summary = {};  // one sentence of at most 15 words: the thing, the consequence
    // Steps for a tired person, one in a line, the most urgent one first; at most 60 words. A
    // command that can be copied ends its line, behind a colon.
    std::string_view advice = {};
    std::string_view why = {};  // where severity and thresholds come from; for the manual
    // About the agent's own absence, which it cannot see itself: never evaluated on the host.
    bool prometheus_only = false;
    // Instead of `all_of`, for what no comparison can say; only with prometheus_only.
    std::string_view prometheus_expression = {};
};

// Ordered by subject; names are unique.
std::span<const Rule> all_rules();

// When each condition began to hold, kept from one evaluation to the next and across restarts.
struct RuleMemory {
    struct Key {
        std::string rule, subject;
        auto operator<=>(const Key&) const = default;
    };
    std::map<Key, Timestamp> since;
};

// The findings that hold at `now`, worst first; `since` is when the condition began to hold. Pure
// but for `memory`, which is updated: what no longer holds is forgotten.
std::vector<Finding> evaluate(std::span<const Rule> rules,
                              const std::vector<Observation>& observations, Timestamp now,
                              RuleMemory& memory);

std::string alert_name(const Rule& rule);  // "LastgoodDriveSuspectPending"

std::string to_prometheus_yaml(std::span<const Rule> rules);

}  // namespace lastgood
