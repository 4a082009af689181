// A rule: comparisons over observations. The same row of the table yields the finding that
// `lastgood status` shows and the PromQL alert that `lastgood rules` prints, so that host and
// Prometheus cannot disagree. Nothing here blocks.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/observation.hpp"
#include "core/report.hpp"
#include "rules/text.hpp"

namespace lastgood {

// How the values of several series of one subject become one value. A subject has several series,
// for example, if a metric has one for each kind of error.
enum class Pick { largest, smallest, sum };

// Selects the value to compare for each subject: from all series of `metric` with the given labels,
// by `pick`. If the rule is about another kind of subject than the metric, the subject is the label
// of that kind ("drive" of array_member); series without the label do not count. A NaN fulfils no
// comparison.
struct Operand {
    Operand() = default;
    // Implicit on purpose: in the table a metric alone stands for "its largest series".
    Operand(const Metric& of, std::string_view label_key = {},
            std::vector<std::string_view> label_values = {}, Pick which = Pick::largest)
        : metric(&of), label(label_key), values(std::move(label_values)), pick(which) {}

    const Metric* metric = nullptr;
    std::string_view label;                // a label to match, such as "kind"; empty: none
    std::vector<std::string_view> values;  // the label must have one of these values
    Pick pick = Pick::largest;
    bool except = false;  // the label must have none of `values` instead
};

enum class Comparison {
    present,  // the series exists, with any value
    equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
};

enum class Clock {
    none,   // compares value with the limit
    age,    // compares (clock - value) in seconds with the limit: timestamps in the past
    ahead,  // compares (value - clock) in seconds with the limit: timestamps in the future
};

struct Condition {
    Operand left = {};
    Clock clock = Clock::none;
    Comparison comparison = Comparison::greater;
    double limit = 0;  // in the unit of the value; added to `right` if there is one
    // Its metric is nullptr: compare with the limit only. Else the condition does not hold for a
    // subject without a value for `right`.
    Operand right = {};
    // The condition must not hold instead. A subject without the series passes.
    bool unless = false;
};

// Advice that takes the place of a rule's own while a condition holds for the same subject: what is
// right for a degraded array is wrong while it rebuilds.
struct Instead {
    Condition when;  // without clock, right side and `unless`
    std::string_view advice;
};

struct Rule {
    std::string_view name = {};  // snake_case; the alert is its CamelCase with "Lastgood" before it
    Severity severity = Severity::unknown;
    SubjectKind subject = SubjectKind::host;
    // All must hold for the same subject. The texts show the value of the first one, which must not
    // be an `unless`.
    std::vector<Condition> all_of = {};
    Seconds hold = 0;  // the conditions must have held for this long without a break
    // Texts with placeholders, see rules/text.hpp. tests/rules/table_test.cpp checks the limits
    // named here with all placeholders filled in.
    std::string_view summary = {};  // one sentence of at most 15 words: the thing, the consequence
    // At most four steps, one on each line, the most urgent one first; at most 60 words. The first
    // one never makes things worse. A command that can be copied stands at the end of its line,
    // after a colon; where a name in it is unknown, the step is told without it.
    std::string_view advice = {};
    std::vector<Instead> instead = {};  // the first one whose condition holds replaces `advice`
    // Further labels of the alert and placeholders of the texts: the labels `also` of the largest
    // series that `also_of` selects for the subject. Unknown if there is no such series.
    std::vector<std::string_view> also = {};
    Operand also_of = {};
    std::string_view why = {};  // the source of severity and thresholds; for the manual
    // Data is lost, or a drive or an array has failed: nobody lives with that for long.
    bool is_loss = false;
    // Never evaluated on the host: for the agent's own absence, which it cannot notice.
    bool prometheus_only = false;
    bool is_news = false;  // severity info in Prometheus; only with prometheus_only
    // Replaces `all_of` if comparisons cannot express the rule; only with prometheus_only.
    std::string_view prometheus_expression = {};
};

// The rules of rules/table/, ordered by subject. Their names are unique.
std::span<const Rule> all_rules();

// When the conditions of each rule began to hold, by subject. The caller keeps it from one
// evaluation to the next, and across restarts.
struct RuleMemory {
    struct Key {
        std::string rule, subject;
        auto operator<=>(const Key&) const = default;
    };
    std::map<Key, Timestamp> since;
};

// Returns the findings at `now`, worst first. Finding::since is the time at which the conditions
// began to hold. Updates `memory` and forgets rules that no longer hold; else pure. `agent` is what
// advice says of the agent.
std::vector<Finding> evaluate(std::span<const Rule> rules,
                              const std::vector<Observation>& observations, Timestamp now,
                              RuleMemory& memory, const AgentWords& agent = {});

std::string alert_name(const Rule& rule);  // "LastgoodDriveSuspectPending"

// Where an alert's runbook_url points: the page /rules of the listener that Prometheus scrapes.
// `lastgood rules --runbooks` sets another address, such as that of docs/rules.md on your own web.
inline constexpr std::string_view default_runbooks = "http://{{ $labels.instance }}/rules";

// The page /rules: each rule with its advice, under its name as the anchor.
std::string to_html(std::span<const Rule> rules);

// The rules as a Prometheus rule file, which promtool accepts; with every rule, also those of
// prometheus_only. Expressions aggregate `without` the labels that lastgood knows, so that alerts
// keep every label of the target (cluster, rack, …). The runbook_url of a rule is
// "RUNBOOKS#rule_name".
std::string to_prometheus_yaml(std::span<const Rule> rules,
                               std::string_view runbooks = default_runbooks);

}  // namespace lastgood
