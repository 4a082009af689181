// Host and Prometheus agree: the findings of evaluate() are the alerts that fire in promtool, on
// observations around every limit of every rule, on random observations, and on recorded hosts.
// Other tests here tamper with rules and check that the comparison finds each difference.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <list>
#include <map>
#include <set>

#include "core/metrics/drives.hpp"
#include "rules/text.hpp"
#include "tests/rules/build.hpp"
#include "tests/rules/cases.hpp"
#include "tests/rules/promtool.hpp"
#include "tests/rules/recorded.hpp"
#include "tests/support.hpp"

using namespace lastgood;
using lastgood::test::cases_of;
using lastgood::test::ObservedHost;

namespace {

std::vector<Rule> host_rules() {
    std::vector<Rule> rules;
    for (const Rule& rule : all_rules()) {
        if (!rule.prometheus_only) rules.push_back(rule);
    }
    return rules;
}

std::vector<Rule> without_hold(std::vector<Rule> rules) {
    for (Rule& rule : rules) rule.hold = 0;
    return rules;
}

std::vector<ObservedHost> all_cases(const std::vector<Rule>& rules) {
    std::vector<ObservedHost> hosts;
    for (const Rule& rule : rules) {
        for (ObservedHost& host : cases_of(rule).hosts) hosts.push_back(std::move(host));
    }
    return hosts;
}

std::string head(const std::string& text) {
    return text.substr(0, 6000);
}

// Groups rules by hold time, so that each group is evaluated for no longer than needed: a hold time
// of 2 hours costs 120 evaluations.
std::map<Seconds, std::vector<Rule>> by_hold(const std::vector<Rule>& rules) {
    std::map<Seconds, std::vector<Rule>> groups;
    for (const Rule& rule : rules) groups[rule.hold].push_back(rule);
    return groups;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LASTGOOD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LASTGOOD_SANITIZED 1
#endif
#endif

// A sanitized build compares only some of the rules: promtool itself is the same in all builds.
std::vector<Rule> sample(const std::vector<Rule>& rules) {
#ifdef LASTGOOD_SANITIZED
    constexpr size_t every = 6;
#else
    constexpr size_t every = 1;
#endif
    std::vector<Rule> some;
    for (size_t i = 0; i < rules.size(); i += every) some.push_back(rules[i]);
    return some;
}

// A way to tamper with a rule; returns false if the change would have no effect.
using Mutation = std::function<bool(Rule&)>;

// Rules that were tampered with, each with its original. promtool evaluates all of them in one run,
// each under a name of its own.
class Tampering {
  public:
    explicit Tampering(std::vector<Rule> rules) : rules_(std::move(rules)) {
        for (const Rule& rule : rules_) pairs_.push_back({rule, rule});
    }

    void add(const std::string& what, const Mutation& mutate) {
        for (const Rule& rule : rules_) {
            Rule tampered = rule;
            if (!mutate(tampered)) continue;
            names_.push_back(fmt::format("{}_tampered_{}", rule.name, names_.size()));
            tampered.name = names_.back();
            what_[alert_name(tampered)] = what;
            pairs_.push_back({rule, tampered});
        }
    }

    // Expects promtool to disagree about each rule that was tampered with, and about no original.
    void check_noticed(const std::vector<ObservedHost>& hosts, Seconds until) const {
        REQUIRE_FALSE(what_.empty());
        const auto disagreement = test::compare(pairs_, hosts, until);
        for (const Rule& rule : rules_) {
            CAPTURE(rule.name);
            CHECK_FALSE(disagreement.alerts.contains(alert_name(rule)));
        }
        for (const auto& entry : what_) {
            CAPTURE(entry.first);
            CAPTURE(entry.second);
            CHECK(disagreement.alerts.contains(entry.first));
        }
    }

  private:
    std::vector<Rule> rules_;
    std::list<std::string> names_;  // the rules have views of them
    std::vector<test::Pair> pairs_;
    std::map<std::string, std::string> what_;  // what was changed, by alert
};

Comparison other_strictness(Comparison comparison) {
    switch (comparison) {
        case Comparison::present:
            return Comparison::present;
        case Comparison::equal:
            return Comparison::greater_or_equal;
        case Comparison::less:
            return Comparison::less_or_equal;
        case Comparison::less_or_equal:
            return Comparison::less;
        case Comparison::greater:
            return Comparison::greater_or_equal;
        case Comparison::greater_or_equal:
            return Comparison::greater;
    }
    return comparison;
}

}  // namespace

TEST_CASE("findings and alerts are the same around every limit") {
    if (!test::promtool_is_there()) return;
    const auto rules = without_hold(sample(host_rules()));
    auto hosts = all_cases(rules);
    CHECK(hosts.size() > 10 * rules.size());
    for (auto& host : test::random_hosts(rules, 20)) hosts.push_back(std::move(host));
    const auto disagreement = test::compare(test::pairs_of(rules), hosts, 0);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("findings and alerts are the same at each minute of every hold time") {
    if (!test::promtool_is_there()) return;
    for (const auto& group : by_hold(sample(host_rules()))) {
        const auto& rules = group.second;
        CAPTURE(group.first);
        auto hosts = test::random_hosts(rules, 3);
        for (const Rule& rule : rules) hosts.push_back(cases_of(rule).holding);
        const auto disagreement = test::compare(test::pairs_of(rules), hosts, group.first + 60);
        CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
    }
}

TEST_CASE("findings and alerts of the whole rule file are the same on recorded hosts") {
    if (!test::promtool_is_there()) return;
    const auto hosts = test::recorded_hosts();
    REQUIRE_FALSE(hosts.empty());
    const auto disagreement = test::compare(test::pairs_of(host_rules()), hosts, 11 * 60,
                                            to_prometheus_yaml(all_rules()));
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("summary and advice are the same on the host and in Prometheus") {
    if (!test::promtool_is_there()) return;
    std::vector<Rule> rules;
    std::map<std::string, ObservedHost> hosts;
    for (const Rule& rule : sample(host_rules())) {
        // Prometheus formats durations and sizes differently, and calls "this host" by its name.
        const std::string texts = std::string(rule.summary) + std::string(rule.advice);
        if (texts.find(":duration}") != texts.npos || texts.find(":size}") != texts.npos ||
            rule.subject == SubjectKind::host) {
            continue;
        }
        rules.push_back(rule);
        hosts[std::string(rule.name)] = cases_of(rule).holding;
    }
    CHECK(rules.size() > sample(host_rules()).size() / 3);
    const auto disagreement = test::compare_texts(rules, hosts);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("advice for a state of the subject is the same on the host and in Prometheus") {
    if (!test::promtool_is_there()) return;
    for (size_t state = 0; state < 3; ++state) {
        CAPTURE(state);
        std::vector<Rule> rules;
        std::map<std::string, ObservedHost> hosts;
        for (const Rule& rule : host_rules()) {
            if (rule.instead.size() <= state) continue;
            if (rule.summary.find(":duration}") != rule.summary.npos) continue;
            rules.push_back(rule);
            hosts[std::string(rule.name)] = cases_of(rule).instead[state];
        }
        REQUIRE_FALSE(rules.empty());
        const auto disagreement = test::compare_texts(rules, hosts);
        CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
    }
}

TEST_CASE("singular, plural and steps are the same on the host and in Prometheus") {
    if (!test::promtool_is_there()) return;
    std::list<std::string> names;
    std::vector<Rule> rules;
    std::map<std::string, ObservedHost> hosts;
    for (const double value : {0.0, 1.0, 1.4, 2.0, 11.0, 21.0}) {
        Rule rule = all_rules().front();
        names.push_back(fmt::format("count_{}", rules.size()));
        rule.name = names.back();
        rule.subject = SubjectKind::drive;
        rule.all_of = {{.left = metric::drive_pending_sectors, .comparison = Comparison::present}};
        rule.hold = 0;
        rule.summary = "{subject} has {value:bad sector|bad sectors}.";
        rule.advice = "Replace {value:it|them}.\nLook: smartctl -x /dev/{device}";
        rules.push_back(rule);
        hosts[names.back()] = {
            names.back(),
            {test::observation(metric::drive_pending_sectors, "d", value),
             test::observation(metric::drive_info, "d", 1, {{"device", "sda"}})}};
    }
    const auto disagreement = test::compare_texts(rules, hosts);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

namespace {

bool compares(const Condition* condition) {
    return condition != nullptr && condition->comparison != Comparison::present;
}

void tamper_with_condition(Tampering& tampering, size_t at) {
    const auto condition_of = [at](Rule& rule) {
        return at < rule.all_of.size() ? &rule.all_of[at] : nullptr;
    };
    // Adds a mutation that changes the condition if `may` allows it.
    const auto add = [&](const std::string& what, bool (*may)(const Condition*),
                         void (*change)(Condition&)) {
        tampering.add(fmt::format("{} of condition {}", what, at + 1),
                      [condition_of, may, change](Rule& rule) {
                          Condition* condition = condition_of(rule);
                          if (!may(condition)) return false;
                          change(*condition);
                          return true;
                      });
    };
    const auto has_labels = [](const Condition* condition) {
        return condition != nullptr && !condition->left.values.empty();
    };
    const auto has_two_labels = [](const Condition* condition) {
        return condition != nullptr && condition->left.values.size() >= 2;
    };
    add("a higher limit", compares,
        [](Condition& condition) { condition.limit += test::nudge(condition); });
    add("a lower limit", compares,
        [](Condition& condition) { condition.limit -= test::nudge(condition); });
    add("another strictness", compares, [](Condition& condition) {
        condition.comparison = other_strictness(condition.comparison);
    });
    add("all labels", has_labels, [](Condition& condition) {
        condition.left.values.clear();
        condition.left.label = {};
    });
    add("one label less", has_two_labels,
        [](Condition& condition) { condition.left.values.pop_back(); });
    // Series that an alert tells apart are no further ones: a subject has one of them.
    const auto has_several_series = [](const Rule& rule, const Condition* condition) {
        if (!compares(condition)) return false;
        const Operand& left = condition->left;
        const bool shown = !rule.also.empty() && rule.also_of.metric == left.metric;
        return (left.metric->labels != left.label && !shown) || left.values.size() > 1;
    };
    tampering.add(fmt::format("another pick of condition {}", at + 1),
                  [condition_of, has_several_series](Rule& rule) {
                      Condition* condition = condition_of(rule);
                      if (!has_several_series(rule, condition)) return false;
                      Pick& pick = condition->left.pick;
                      pick = pick == Pick::largest ? Pick::smallest : Pick::largest;
                      return true;
                  });
    if (at == 0) return;
    add(
        "turned round", [](const Condition* condition) { return condition != nullptr; },
        [](Condition& condition) { condition.unless = !condition.unless; });
    tampering.add(fmt::format("a dropped condition {}", at + 1), [condition_of, at](Rule& rule) {
        if (condition_of(rule) == nullptr) return false;
        rule.all_of.erase(rule.all_of.begin() + static_cast<std::ptrdiff_t>(at));
        return true;
    });
}

}  // namespace

TEST_CASE("a changed limit, comparison or condition is noticed") {
    if (!test::promtool_is_there()) return;
    const std::vector<Rule> rules = without_hold(sample(host_rules()));
    Tampering tampering(rules);
    size_t most = 0;
    for (const Rule& rule : rules) most = std::max(most, rule.all_of.size());
    for (size_t at = 0; at < most; ++at) tamper_with_condition(tampering, at);
    tampering.add("severity", [](Rule& rule) {
        rule.severity =
            rule.severity == Severity::critical ? Severity::warning : Severity::critical;
        return true;
    });
    tampering.check_noticed(all_cases(rules), 0);
}

TEST_CASE("a hold time that is 1 minute longer or shorter is noticed") {
    if (!test::promtool_is_there()) return;
    for (const auto& group : by_hold(sample(host_rules()))) {
        CAPTURE(group.first);
        Tampering tampering(group.second);
        for (const Seconds change : {60.0, -60.0}) {
            tampering.add(fmt::format("{} s", change), [change](Rule& rule) {
                rule.hold += change;
                return rule.hold >= 0;
            });
        }
        std::vector<ObservedHost> hosts;
        for (const Rule& rule : group.second) hosts.push_back(cases_of(rule).holding);
        tampering.check_noticed(hosts, group.first + 60);
    }
}

TEST_CASE("a missing model or serial number is noticed") {
    if (!test::promtool_is_there()) return;
    const auto rules = without_hold(host_rules());
    std::vector<ObservedHost> hosts;
    for (const Rule& rule : rules) hosts.push_back(cases_of(rule).holding);
    std::string yaml = to_prometheus_yaml(rules);
    const std::string join = "group_left (device, model, serial)";
    size_t at = yaml.find(join);
    REQUIRE(at != yaml.npos);
    for (; at != yaml.npos; at = yaml.find(join, at))
        yaml.replace(at, join.size(), "group_left (device)");
    const auto disagreement = test::compare(test::pairs_of(rules), hosts, 0, yaml);
    for (const Rule& rule : rules) {
        if (rule.subject == SubjectKind::drive && !rule.name.starts_with("drive_gone")) {
            CAPTURE(rule.name);
            CHECK(disagreement.alerts.contains(alert_name(rule)));
        }
    }
}

TEST_CASE("a drive with two info series still raises alerts") {
    if (!test::promtool_is_there()) return;
    const auto output = test::promtool_test(to_prometheus_yaml(all_rules()), R"(
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'lastgood_drive_smart_passed{instance="a",job="j",drive="d"}', values: '0'}
      - {series: 'lastgood_drive_info{instance="a",job="j",drive="d",device="sda"}', values: '1'}
      - {series: 'lastgood_drive_info{instance="a",job="j",drive="d",device="sdb"}', values: '1'}
    promql_expr_test:
      - expr: 'count(ALERTS{alertname="LastgoodDriveFailingVerdict",alertstate="firing",drive="d"})'
        eval_time: 0m
        exp_samples: [{labels: '{}', value: 1}]
)");
    CHECK_MESSAGE(!output, *output);
}

TEST_CASE("hosts of the same name in two clusters raise an alert each") {
    if (!test::promtool_is_there()) return;
    const auto output = test::promtool_test(to_prometheus_yaml(all_rules()), R"(
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'lastgood_drive_smart_passed{instance="a",job="j",cluster="x",drive="d"}', values: '0'}
      - {series: 'lastgood_drive_info{instance="a",job="j",cluster="x",drive="d",device="sda"}', values: '1'}
      - {series: 'lastgood_drive_smart_passed{instance="a",job="j",cluster="y",drive="d"}', values: '0'}
      - {series: 'lastgood_drive_info{instance="a",job="j",cluster="y",drive="d",device="sdb"}', values: '1'}
    promql_expr_test:
      - expr: 'ALERTS{alertstate="firing"}'
        eval_time: 0m
        exp_samples:
          - {labels: 'ALERTS{alertname="LastgoodDriveFailingVerdict",alertstate="firing",severity="critical",instance="a",job="j",cluster="x",drive="d",device="sda"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodDriveFailingVerdict",alertstate="firing",severity="critical",instance="a",job="j",cluster="y",drive="d",device="sdb"}', value: 1}
)");
    CHECK_MESSAGE(!output, *output);
}

TEST_CASE("an agent that stops reporting raises an alert with any job name") {
    if (!test::promtool_is_there()) return;
    // a runs; b vanishes after an hour; scrapes of c fail from the start; d has another job; the
    // report of e is never updated.
    const auto output = test::promtool_test(to_prometheus_yaml(all_rules()), R"(
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'lastgood_report_timestamp_seconds{instance="a",job="node"}', values: '0+60x300'}
      - {series: 'lastgood_report_timestamp_seconds{instance="b",job="node"}', values: '0+60x60'}
      - {series: 'up{instance="b",job="node"}', values: '1x300'}
      - {series: 'up{instance="c",job="my-lastgood"}', values: '0x300'}
      - {series: 'up{instance="d",job="other"}', values: '0x300'}
      - {series: 'lastgood_report_timestamp_seconds{instance="e",job="node"}', values: '0x300'}
    promql_expr_test:
      - expr: 'ALERTS{alertstate="firing"}'
        eval_time: 1m
        exp_samples: []
      - expr: 'ALERTS{alertstate="firing"}'
        eval_time: 60m
        exp_samples:
          - {labels: 'ALERTS{alertname="LastgoodAgentAbsent",alertstate="firing",severity="warning",certainty="unknown",instance="c",job="my-lastgood"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodReportStale",alertstate="firing",severity="warning",certainty="unknown",instance="e",job="node"}', value: 1}
      - expr: 'ALERTS{alertstate="firing"}'
        eval_time: 75m
        exp_samples:
          - {labels: 'ALERTS{alertname="LastgoodAgentAbsent",alertstate="firing",severity="warning",certainty="unknown",instance="b",job="node"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodAgentAbsent",alertstate="firing",severity="warning",certainty="unknown",instance="c",job="my-lastgood"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodReportStale",alertstate="firing",severity="warning",certainty="unknown",instance="e",job="node"}', value: 1}
)");
    CHECK_MESSAGE(!output, *output);
}

TEST_CASE("saved state that went back with its disk raises an alert") {
    if (!test::promtool_is_there()) return;
    // a went back; b was restarted, which skips reports; the state of c was lost, which is told.
    const auto output = test::promtool_test(to_prometheus_yaml(all_rules()), R"(
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'lastgood_generation{instance="a",job="node"}', values: '1000+4x60 _x5 600+4x60'}
      - {series: 'lastgood_generation{instance="b",job="node"}', values: '1000+4x60 _x5 1480+4x60'}
      - {series: 'lastgood_generation{instance="c",job="node"}', values: '1000+4x60 _x5 1+4x60'}
      - {series: 'lastgood_state_lost_timestamp_seconds{instance="c",job="node",reason="missing"}', values: '_x66 1x60'}
    promql_expr_test:
      - expr: 'ALERTS{alertname="LastgoodStateRolledBack",alertstate="firing"}'
        eval_time: 60m
        exp_samples: []
      - expr: 'ALERTS{alertname="LastgoodStateRolledBack",alertstate="firing"}'
        eval_time: 70m
        exp_samples:
          - {labels: 'ALERTS{alertname="LastgoodStateRolledBack",alertstate="firing",severity="critical",instance="a",job="node"}', value: 1}
)");
    CHECK_MESSAGE(!output, *output);
}
