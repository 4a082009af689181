#include "tests/rules/cases.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <random>

#include "core/text.hpp"
#include "rules/text.hpp"
#include "tests/rules/build.hpp"

namespace lastgood::test {

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double right_value = 50;  // the value of an operand on the right side

bool same(const Operand& one, const Operand& other) {
    return one.metric == other.metric && one.label == other.label && one.values == other.values &&
           one.except == other.except;
}

// An operand of a rule, and the values to try for it.
struct Variable {
    Operand operand;
    std::vector<double> values;
};

void add_values(std::vector<Variable>& variables, const Operand& operand,
                const std::vector<double>& values) {
    auto found = std::ranges::find_if(
        variables, [&](const Variable& variable) { return same(variable.operand, operand); });
    if (found == variables.end()) found = variables.insert(found, Variable{operand, {}});
    for (const double value : values) {
        if (std::ranges::find(found->values, value) == found->values.end()) {
            found->values.push_back(value);
        }
    }
}

// The value to observe at time 0 so that `compared` is the value compared.
double observed(Clock clock, double compared) {
    switch (clock) {
        case Clock::none:
            return compared;
        case Clock::age:
            return -compared;
        case Clock::ahead:
            return compared;
    }
    return compared;
}

// At the limit of a condition and on both sides of it. `right`: the value of its right side, or 0.
void add_limits(std::vector<Variable>& variables, const Condition& condition, double right) {
    const double limit = condition.limit + right, step = nudge(condition);
    add_values(variables, condition.left,
               {observed(condition.clock, limit), observed(condition.clock, limit - step),
                observed(condition.clock, limit + step)});
}

std::vector<Variable> variables_of(const Rule& rule) {
    std::vector<Variable> variables;
    for (const Condition& condition : rule.all_of) {
        const bool compares = condition.right.metric != nullptr;
        if (compares) add_values(variables, condition.right, {right_value});
        add_limits(variables, condition, compares ? right_value : 0);
    }
    return variables;
}

// A right side that another condition of the rule limits may hold with another value only.
void add_limits_of_chosen(const Rule& rule, const std::vector<std::optional<double>>& chosen,
                          std::vector<Variable>& variables) {
    for (const Condition& condition : rule.all_of) {
        const auto right = std::ranges::find_if(variables, [&](const Variable& variable) {
            return same(variable.operand, condition.right);
        });
        if (condition.right.metric == nullptr || right == variables.end()) continue;
        const auto value = chosen[static_cast<size_t>(right - variables.begin())];
        if (value && *value != right_value) add_limits(variables, condition, *value);
    }
}

// A label of the operand's metric by which a subject may have several series: neither what the
// operand selects by, nor what an alert shows. Empty: none.
std::string_view spare_label(const Rule& rule, const Operand& operand) {
    for (std::string_view rest = operand.metric->labels; !rest.empty();) {
        const std::string_view label = take_until(rest, ',');
        const auto shown = info_labels(rule.subject);
        if (label != operand.label && label != to_string(rule.subject) && !contains(shown, label) &&
            !contains(rule.also, label))
            return label;
    }
    return {};
}

// A series that the operand selects; with `foreign` a series of the same metric that it ignores.
Observation series(const Rule& rule, const Operand& operand, double value,
                   const std::string& subject, bool foreign = false, size_t which = 0) {
    Labels labels;
    std::string own_subject = subject;
    if (operand.metric->subject != rule.subject) {
        labels.emplace_back(to_string(rule.subject), subject);
        own_subject = "about-" + subject;
    }
    if (!operand.label.empty()) {
        const bool listed = operand.except == foreign;
        labels.emplace_back(
            operand.label,
            listed ? std::string(operand.values[which % operand.values.size()]) : "something else");
    }
    const std::string_view spare = spare_label(rule, operand);
    if (which > 0 && !spare.empty()) labels.emplace_back(spare, std::to_string(which));
    return observation(*operand.metric, own_subject, value, labels);
}

// Whether an alert of some rule shows labels of the largest series of this metric.
bool is_shown(const Metric* metric) {
    return std::ranges::any_of(all_rules(), [&](const Rule& rule) {
        return !rule.also.empty() && rule.also_of.metric == metric;
    });
}

// Adds a series unless it is there. Of two that are equally large Prometheus shows any: such a
// second one is left out as well.
void add_series(std::vector<Observation>& observations, Observation one) {
    const bool superfluous = std::ranges::any_of(observations, [&](const Observation& other) {
        return other.metric == one.metric && other.subject == one.subject &&
               (other.labels == one.labels || (other.value == one.value && is_shown(one.metric)));
    });
    if (!superfluous) observations.push_back(std::move(one));
}

Observation info(const Rule& rule, const std::string& subject) {
    Labels labels;
    for (const std::string_view label : info_labels(rule.subject)) {
        labels.emplace_back(label, fmt::format("the {} \"of\" {}", label, subject));
    }
    return observation(*info_metric(rule.subject), subject, 1, labels);
}

// Whether it holds from now until the end of its hold time: ages grow meanwhile.
bool holds(const Rule& rule, const std::vector<Observation>& observations) {
    Rule at_once = rule;
    at_once.hold = 0;
    at_once.prometheus_only = false;
    const auto at = [&](Timestamp now) {
        RuleMemory memory;
        return !evaluate(std::vector{at_once}, observations, now, memory).empty();
    };
    return at(0) && at(rule.hold);
}

// The first combination of values for the variables (a variable may have none) that makes the rule
// hold.
std::optional<std::vector<std::optional<double>>> find_holding(
    const Rule& rule, const std::vector<Variable>& variables, const std::string& subject) {
    std::vector<std::optional<double>> chosen(variables.size());
    const std::function<bool(size_t)> choose = [&](size_t at) {
        if (at == variables.size()) {
            std::vector<Observation> observations;
            for (size_t i = 0; i < variables.size(); ++i) {
                if (chosen[i]) {
                    observations.push_back(series(rule, variables[i].operand, *chosen[i], subject));
                }
            }
            return holds(rule, observations);
        }
        for (const double value : variables[at].values) {
            chosen[at] = value;
            if (choose(at + 1)) return true;
        }
        chosen[at] = std::nullopt;
        return choose(at + 1);
    };
    if (!choose(0)) return std::nullopt;
    return chosen;
}

// Variables without which a condition of the rule does not count, while another one compares the
// same series: of two limits, one would hide the other.
std::vector<size_t> hiding_limits(const Rule& rule, const std::vector<Variable>& variables) {
    std::vector<size_t> found;
    for (const Condition& one : rule.all_of) {
        if (!one.unless || one.right.metric == nullptr) continue;
        const bool shares = std::ranges::any_of(rule.all_of, [&](const Condition& other) {
            return other.unless && other.right.metric != nullptr && same(other.left, one.left) &&
                   !same(other.right, one.right);
        });
        if (!shares) continue;
        const auto variable = std::ranges::find_if(
            variables, [&](const Variable& its) { return same(its.operand, one.right); });
        found.push_back(static_cast<size_t>(variable - variables.begin()));
    }
    return found;
}

// The series that name the subject and what an alert shows beside it, unless the rule itself
// compares them.
std::vector<Observation> names(const Rule& rule, const std::vector<Variable>& variables,
                               const std::string& subject) {
    std::vector<Observation> found;
    const auto is_operand = [&](const Metric* metric) {
        return std::ranges::any_of(
            variables, [&](const Variable& variable) { return variable.operand.metric == metric; });
    };
    if (const Metric* also = rule.also_of.metric; also != nullptr && !is_operand(also)) {
        found.push_back(series(rule, rule.also_of, 1, subject));
        for (const std::string_view label : rule.also)
            found.back().labels.emplace_back(label, "the others");
        std::ranges::sort(found.back().labels);
    }
    if (const Metric* of_kind = info_metric(rule.subject);
        of_kind != nullptr && !is_operand(of_kind))
        found.push_back(info(rule, subject));
    return found;
}

// `holding` with each state that the rule has other advice for.
std::vector<ObservedHost> states(const Rule& rule, const ObservedHost& holding,
                                 const std::string& subject) {
    std::vector<ObservedHost> hosts;
    for (const Instead& instead : rule.instead) {
        hosts.push_back(holding);
        hosts.back().instance += "-instead-" + std::to_string(hosts.size());
        hosts.back().observations.push_back(
            series(rule, instead.when.left, instead.when.limit, subject));
    }
    return hosts;
}

// What may be observed in place of a variable's one series.
std::vector<std::vector<Observation>> alternatives(const Rule& rule, const Variable& variable,
                                                   const std::string& subject) {
    const Operand& operand = variable.operand;
    const auto one = [&](double value, size_t which = 0) {
        return series(rule, operand, value, subject, false, which);
    };
    const auto foreign = [&](double value, size_t which = 0) {
        return series(rule, operand, value, subject, true, which);
    };
    std::vector<std::vector<Observation>> found{
        {}, {one(not_a_number)}, {series(rule, operand, variable.values[0], "another subject")}};
    for (const double value : variable.values) {
        found.push_back({one(value)});
        if (!operand.label.empty()) {
            for (size_t which = 0; which < operand.values.size(); ++which)
                found.push_back({foreign(value, which)});
            found.push_back({one(value), foreign(value + 1e6)});
            found.push_back({one(value), foreign(value - 1e6)});
        }
        found.push_back({one(value), one(value - 1, 1)});
        found.push_back({one(value), one(value + 1, 1)});
        found.push_back({one(value / 2), one(value / 2, 1)});
        found.push_back({one(value), one(not_a_number, 1)});
        for (size_t which = 1; which < operand.values.size(); ++which)
            found.push_back({one(value, which)});
    }
    return found;
}

}  // namespace

double nudge(const Condition& condition) {
    const double limit = std::fabs(condition.limit);
    return limit > 0 && limit < 1 ? 0.01 : 1;
}

RuleCases cases_of(const Rule& rule) {
    const std::string subject = "it's-" + std::string(rule.name);
    std::vector<Variable> variables = variables_of(rule);
    const auto chosen = find_holding(rule, variables, subject);
    REQUIRE_MESSAGE(chosen, "nothing makes it hold: ", rule.name);
    add_limits_of_chosen(rule, *chosen, variables);

    const std::vector<size_t> limits = hiding_limits(rule, variables);
    RuleCases cases;
    int number = 0;
    // A host with the chosen values, but with `instead` for variable `at`.
    const auto variant = [&](size_t at, const std::vector<Observation>& instead, bool with_info,
                             std::optional<size_t> absent = {}) {
        ObservedHost host{fmt::format("{}-{}", rule.name, number++), {}};
        for (const Observation& one : instead) add_series(host.observations, one);
        for (size_t i = 0; i < variables.size(); ++i) {
            if (i == at || i == absent || !(*chosen)[i]) continue;
            // Two operands of one metric may select the same series.
            add_series(host.observations,
                       series(rule, variables[i].operand, *(*chosen)[i], subject));
        }
        for (const size_t limit : absent ? limits : std::vector<size_t>())
            if (limit != absent && limit != at && !(*chosen)[limit])
                host.observations.push_back(
                    series(rule, variables[limit].operand, right_value, subject));
        if (with_info)
            for (Observation& one : names(rule, variables, subject))
                host.observations.push_back(std::move(one));
        cases.hosts.push_back(std::move(host));
    };
    variant(variables.size(), {}, true);
    cases.holding = cases.hosts.front();
    cases.instead = states(rule, cases.holding, subject);
    variant(variables.size(), {}, false);
    for (size_t at = 0; at < variables.size(); ++at) {
        const auto others = alternatives(rule, variables[at], subject);
        for (const auto& instead : others) variant(at, instead, true);
        for (const size_t absent : limits)
            for (const auto& instead : others) variant(at, instead, true, absent);
    }
    return cases;
}

std::vector<ObservedHost> random_hosts(const std::vector<Rule>& rules, int count) {
    std::mt19937 random(20261121);
    const auto pick = [&](size_t size) {
        return std::uniform_int_distribution<size_t>(0, size - 1)(random);
    };
    std::vector<ObservedHost> hosts;
    for (int i = 0; i < count; ++i) {
        ObservedHost host{fmt::format("random-{}", i), {}};
        for (const Rule& rule : rules) {
            for (const std::string subject : {"first", "second"}) {
                for (const Variable& variable : variables_of(rule)) {
                    if (pick(3) == 0) continue;
                    const double value = variable.values[pick(variable.values.size())];
                    const std::string of = rule.subject == SubjectKind::host ? "" : subject;
                    const bool foreign = pick(4) == 0;
                    add_series(host.observations,
                               series(rule, variable.operand, value, of, foreign, pick(2)));
                }
            }
        }
        hosts.push_back(std::move(host));
    }
    return hosts;
}

}  // namespace lastgood::test
