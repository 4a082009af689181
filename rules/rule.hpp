// A rule: a comparison over observations. From the same row come the verdict that `lastgood status` shows and the PromQL alert
// that `lastgood rules` prints, so that host and Prometheus cannot disagree.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/observation.hpp"
#include "core/report.hpp"

namespace lastgood {

// The value compared: of all series of `metric` with the wanted labels, per subject, the largest (for > and >=) or the
// smallest (for <, <= and ==).
struct Operand {
    const Metric* metric = nullptr;
    std::string_view label = {};                          // a label to match, e.g. "kind"
    std::initializer_list<std::string_view> values = {};  // one of these; empty: any
};

enum class Comparison { equal, less, less_or_equal, greater, greater_or_equal };

enum class Clock {
    none,     // value OP limit
    age,      // clock - value OP limit, for timestamps in the past
    ahead,    // value - clock OP limit, for timestamps in the future
};

struct Condition {
    Operand left;
    Clock clock = Clock::none;
    Comparison comparison = Comparison::greater;
    double limit = 0;         // added to `right` if there is one
    Operand right = {};       // right.metric nullptr: only the limit. A subject without it: the condition does not hold
};

struct Rule {
    std::string_view name;     // snake_case; the alert is its CamelCase with "Lastgood" before it
    Severity severity;
    SubjectKind subject;
    std::initializer_list<Condition> all_of;  // every one must hold for the same subject
    Seconds hold = 0;                         // for so long without a break
    std::string_view summary;                 // "{subject}", "{value}" and labels of the subject's info metric, "{device}"
    std::string_view advice;
    bool prometheus_only = false;             // about the agent's absence, which it cannot see itself
};

std::span<const Rule> all_rules();

// When each condition began to hold, kept from one evaluation to the next and across restarts.
struct RuleMemory {
    struct Key {
        std::string rule, subject;
        auto operator<=>(const Key&) const = default;
    };
    std::map<Key, Timestamp> since;
};

// The findings that hold at `now`. Pure but for `memory`, which it updates.
std::vector<Finding> evaluate(std::span<const Rule> rules, const std::vector<Observation>& observations, Timestamp now, RuleMemory& memory);

std::string to_prometheus_yaml(std::span<const Rule> rules);
std::string to_markdown(std::span<const Rule> rules);

}  // namespace lastgood
