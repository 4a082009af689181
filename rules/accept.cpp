#include "rules/accept.hpp"

#include <algorithm>

#include "core/acceptance.hpp"
#include "core/metrics/agent.hpp"

namespace lastgood {

const Rule* find_rule(std::string_view name) {
    const auto rules = all_rules();
    const auto found = std::ranges::find(rules, name, &Rule::name);
    return found == rules.end() ? nullptr : &*found;
}

bool is_accepted_by_value(const Rule& rule) {
    if (rule.all_of.empty()) return false;
    const Condition& first = rule.all_of.front();
    if (first.clock != Clock::none) return false;
    const bool is_time = first.left.metric->name.ends_with("_timestamp_seconds");
    switch (first.comparison) {
        case Comparison::present:
        case Comparison::equal:
            return false;
        case Comparison::less:
        case Comparison::less_or_equal:
            return !is_time;  // a time that is too early, as that of a copy, gets no earlier
        case Comparison::greater:
        case Comparison::greater_or_equal:
            return true;
    }
    return false;
}

Seconds acceptance_limit_of(const Rule& rule) {
    return rule.is_loss ? 7 * 86400.0 : acceptance_limit;
}

Condition acceptance_of(const Rule& rule) {
    const Operand accepted(metric::accepted, "rule", {rule.name});
    Condition condition;
    if (!is_accepted_by_value(rule)) {
        condition.left = accepted;
        condition.comparison = Comparison::present;
        return condition;
    }
    const Condition& first = rule.all_of.front();
    const bool grows =
        first.comparison == Comparison::greater || first.comparison == Comparison::greater_or_equal;
    condition.left = first.left;
    condition.comparison = grows ? Comparison::less_or_equal : Comparison::greater_or_equal;
    condition.right = accepted;
    return condition;
}

}  // namespace lastgood
