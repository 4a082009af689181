// Makes observations at, just below and just above each limit of a rule.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/rule.hpp"
#include "tests/rules/promtool.hpp"

namespace lastgood::test {

// Half the distance between a limit and the nearest tested value beside it; in the unit of the
// limit. Tampering moves a limit by this much.
double nudge(const Condition& condition);

struct RuleCases {
    ObservedHost holding;               // the rule's conditions hold
    std::vector<ObservedHost> hosts;    // `holding`, and hosts with values around the limits
    std::vector<ObservedHost> instead;  // `holding` with each state that other advice is for
};

// Fails the test case if no observations make the rule hold.
RuleCases cases_of(const Rule& rule);

// Hosts with several subjects and random observations near the rules' limits. The seed is fixed, so
// the hosts are the same on each call.
std::vector<ObservedHost> random_hosts(const std::vector<Rule>& rules, int count);

}  // namespace lastgood::test
