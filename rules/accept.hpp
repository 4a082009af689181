// What may be accepted of a rule, and the condition by which host and Prometheus leave out what is.
// Pure.
#pragma once

#include "rules/rule.hpp"

namespace lastgood {

// nullptr: no rule has this name.
const Rule* find_rule(std::string_view name);

// Whether an acceptance of the rule's findings holds up to a value: the rule compares a value that
// can get worse. Else it holds until its date.
bool is_accepted_by_value(const Rule& rule);

// Longest time for which a finding of the rule may be accepted: a week for Rule::is_loss.
Seconds acceptance_limit_of(const Rule& rule);

// Holds for subjects of which a finding of the rule is accepted (lastgood_accepted).
Condition acceptance_of(const Rule& rule);

}  // namespace lastgood
