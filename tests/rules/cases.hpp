// Observations that bring every rule just to, just below and just above each of its limits.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/rule.hpp"
#include "tests/rules/promtool.hpp"

namespace lastgood::test {

// Half the distance between a limit and its nearest tested neighbour; also how far the mutations
// move a limit.
double nudge(const Condition& condition);

struct RuleCases {
    ObservedHost holding;             // the rule holds, if only its hold time elapses
    std::vector<ObservedHost> hosts;  // this one and its neighbours
};

// Ends the test program when no observations make the rule hold.
RuleCases cases_of(const Rule& rule);

// Hosts with several subjects and random observations near the rules' limits; always the same ones.
std::vector<ObservedHost> random_hosts(const std::vector<Rule>& rules, int count);

}  // namespace lastgood::test
