// Host and Prometheus agree about what is accepted: the findings that are left are the alerts that
// fire in promtool.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/agent.hpp"
#include "rules/accept.hpp"
#include "tests/rules/build.hpp"
#include "tests/rules/cases.hpp"
#include "tests/rules/promtool.hpp"

using namespace lastgood;

namespace {

// The host of cases_of() on which the rule holds, with an acceptance up to `value`, of the
// subject of its first finding.
test::ObservedHost accepted(const Rule& rule, const Finding& finding, double value,
                            const std::string& subject, std::string_view name) {
    test::ObservedHost host = test::cases_of(rule).holding;
    host.instance += fmt::format("-{}-{}-{}", name, subject, value);
    Labels labels{{"rule", std::string(name)}};
    if (finding.kind != SubjectKind::host) labels.emplace_back(to_string(finding.kind), subject);
    host.observations.push_back(test::observation(metric::accepted, "", value, labels));
    return host;
}

}  // namespace

TEST_CASE("what is accepted is left out by host and Prometheus alike") {
    if (!test::promtool_is_there()) return;
    std::vector<Rule> rules;
    std::vector<test::ObservedHost> hosts;
    size_t left_out = 0;
    for (Rule rule : all_rules()) {
        if (rule.prometheus_only) continue;
        rule.hold = 0;
        rules.push_back(rule);
        RuleMemory memory;
        const auto found =
            evaluate(std::vector{rule}, test::cases_of(rule).holding.observations, 0, memory);
        REQUIRE_FALSE(found.empty());
        const Finding& finding = found.front();
        const auto add = [&](double value, const std::string& subject, std::string_view name) {
            hosts.push_back(accepted(rule, finding, value, subject, name));
            RuleMemory fresh;
            for (const Finding& one :
                 evaluate(std::vector{rule}, hosts.back().observations, 0, fresh))
                if (one.accepted) ++left_out;
        };
        for (const double off : {-1.0, 0.0, 1.0})
            add(finding.value + off, finding.subject, rule.name);
        if (finding.kind != SubjectKind::host) add(finding.value, "another", rule.name);
        add(finding.value, finding.subject, "another_rule");
    }
    CHECK(left_out >= 2 * rules.size());
    const auto disagreement = test::compare(test::pairs_of(rules), hosts, 0);
    CHECK_MESSAGE(disagreement.alerts.empty(), disagreement.text.substr(0, 6000));
}
