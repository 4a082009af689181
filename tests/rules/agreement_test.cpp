// Host and Prometheus judge alike: on observations around every limit of every rule, on random
// ones, and on recorded hosts, the findings of evaluate() are the alerts that fire in promtool. And
// the comparison notices when they do not: every way of tampering with a rule that is tried here
// makes promtool disagree.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <sstream>

#include "core/host.hpp"
#include "rules/text.hpp"
#include "tests/rules/build.hpp"
#include "tests/rules/cases.hpp"
#include "tests/rules/promtool.hpp"
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

Seconds longest_hold(const std::vector<Rule>& rules) {
    Seconds longest = 0;
    for (const Rule& rule : rules) longest = std::max(longest, rule.hold);
    return longest;
}

std::string head(const std::string& text) {
    return text.substr(0, 6000);
}

// Recorded hosts: what their collectors are to print stands in golden/*.jsonl, the time of the
// recording in `now`.
std::vector<ObservedHost> recorded_hosts() {
    std::vector<ObservedHost> hosts;
    const std::string directory = test::tests_directory() + "/hosts";
    if (!std::filesystem::is_directory(directory)) return hosts;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const auto golden = entry.path() / "golden";
        if (!std::filesystem::is_directory(golden)) continue;
        ObservedHost host{entry.path().filename().string(), {}};
        for (const auto& file : std::filesystem::directory_iterator(golden)) {
            if (file.path().extension() != ".jsonl") continue;
            std::istringstream lines(test::read_file(file.path().string()));
            for (std::string line; std::getline(lines, line);) {
                const auto parsed = parse_protocol_line(line, 0);
                CAPTURE(file.path().string());
                CAPTURE(line);
                REQUIRE(parsed);
                if (parsed->kind == ProtocolLine::Kind::observation ||
                    parsed->kind == ProtocolLine::Kind::increment) {
                    host.observations.push_back(parsed->observation);
                }
            }
        }
        test::move_timestamps(host.observations, Host(entry.path().string()).now());
        hosts.push_back(std::move(host));
    }
    return hosts;
}

// One way to tamper with a rule; false: it would change nothing that shows.
using Mutation = std::function<bool(Rule&)>;

// Tampers with every rule at once and expects promtool to disagree about each one that was changed.
void check_noticed(const std::string& what, const Mutation& mutate) {
    CAPTURE(what);
    const std::vector<Rule> rules = without_hold(host_rules());
    std::vector<Rule> tampered = rules;
    std::vector<ObservedHost> hosts;
    std::set<std::string> changed;
    for (Rule& rule : tampered) {
        const Rule original = rule;
        if (!mutate(rule)) {
            rule = original;
            continue;
        }
        changed.insert(alert_name(rule));
        for (ObservedHost& host : cases_of(original).hosts) hosts.push_back(std::move(host));
    }
    if (changed.empty()) return;
    const auto disagreement = test::compare(rules, to_prometheus_yaml(tampered), hosts, 0);
    for (const std::string& alert : changed) {
        CAPTURE(alert);
        CHECK(disagreement.alerts.contains(alert));
    }
}

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

TEST_CASE("around every limit, findings and alerts are the same") {
    if (!test::promtool_is_there("agreement around every limit")) return;
    const auto rules = without_hold(host_rules());
    auto hosts = all_cases(rules);
    CHECK(hosts.size() > 10 * rules.size());
    for (auto& host : test::random_hosts(rules, 20)) hosts.push_back(std::move(host));
    const auto disagreement = test::compare(rules, to_prometheus_yaml(rules), hosts, 0);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("minute by minute through every hold time, findings and alerts are the same") {
    if (!test::promtool_is_there("agreement through every hold time")) return;
    const auto rules = host_rules();
    auto hosts = test::random_hosts(rules, 3);
    for (const Rule& rule : rules) hosts.push_back(cases_of(rule).holding);
    const auto disagreement =
        test::compare(rules, to_prometheus_yaml(all_rules()), hosts, longest_hold(rules) + 60);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("on recorded hosts, findings and alerts are the same") {
    if (!test::promtool_is_there("agreement on recorded hosts")) return;
    const auto rules = host_rules();
    const auto hosts = recorded_hosts();
    REQUIRE_FALSE(hosts.empty());
    const auto disagreement =
        test::compare(rules, to_prometheus_yaml(all_rules()), hosts, longest_hold(rules) + 60);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("summary and advice read alike on the host and in Prometheus") {
    if (!test::promtool_is_there("texts")) return;
    std::vector<Rule> rules;
    std::map<std::string, ObservedHost> hosts;
    for (const Rule& rule : host_rules()) {
        // Durations and sizes are written differently; "this host" has a name in Prometheus.
        const std::string texts = std::string(rule.summary) + std::string(rule.advice);
        if (texts.find(":duration}") != texts.npos || texts.find(":size}") != texts.npos ||
            rule.subject == SubjectKind::host) {
            continue;
        }
        rules.push_back(rule);
        hosts[std::string(rule.name)] = cases_of(rule).holding;
    }
    CHECK(rules.size() > 30);
    const auto disagreement = test::compare_texts(rules, hosts);
    CHECK_MESSAGE(disagreement.alerts.empty(), head(disagreement.text));
}

TEST_CASE("tampering is noticed: limits, comparisons, conditions") {
    if (!test::promtool_is_there("tampering with conditions")) return;
    size_t most = 0;
    for (const Rule& rule : host_rules()) most = std::max(most, rule.all_of.size());
    for (size_t at = 0; at < most; ++at) {
        const auto condition_of = [at](Rule& rule) {
            return at < rule.all_of.size() ? &rule.all_of[at] : nullptr;
        };
        const auto compares = [](const Condition* condition) {
            return condition != nullptr && condition->comparison != Comparison::present;
        };
        const std::string where = fmt::format(" of condition {}", at + 1);
        check_noticed("a higher limit" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (!compares(condition)) return false;
            condition->limit += test::nudge(*condition);
            return true;
        });
        check_noticed("a lower limit" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (!compares(condition)) return false;
            condition->limit -= test::nudge(*condition);
            return true;
        });
        check_noticed("another strictness" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (!compares(condition)) return false;
            condition->comparison = other_strictness(condition->comparison);
            return true;
        });
        check_noticed("all labels" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (condition == nullptr || condition->left.values.empty()) return false;
            condition->left.values.clear();
            condition->left.label = {};
            return true;
        });
        check_noticed("one label less" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (condition == nullptr || condition->left.values.size() < 2) return false;
            condition->left.values.pop_back();
            return true;
        });
        check_noticed("another pick" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (!compares(condition)) return false;
            Pick& pick = condition->left.pick;
            pick = pick == Pick::largest ? Pick::smallest : Pick::largest;
            return true;
        });
        if (at == 0) continue;
        check_noticed("a dropped condition" + where, [&](Rule& rule) {
            if (condition_of(rule) == nullptr) return false;
            rule.all_of.erase(rule.all_of.begin() + static_cast<std::ptrdiff_t>(at));
            return true;
        });
        check_noticed("turned round" + where, [&](Rule& rule) {
            Condition* condition = condition_of(rule);
            if (condition == nullptr) return false;
            condition->unless = !condition->unless;
            return true;
        });
    }
}

TEST_CASE("tampering is noticed: severity, name, join, hold time") {
    if (!test::promtool_is_there("tampering with rules")) return;
    check_noticed("severity", [](Rule& rule) {
        rule.severity =
            rule.severity == Severity::critical ? Severity::warning : Severity::critical;
        return true;
    });
    const auto rules = host_rules();
    std::vector<ObservedHost> hosts;
    for (const Rule& rule : rules) hosts.push_back(cases_of(rule).holding);

    SUBCASE("a hold time longer or shorter by a minute") {
        for (const Seconds change : {60.0, -60.0}) {
            std::vector<Rule> tampered = rules;
            std::set<std::string> changed;
            for (Rule& rule : tampered) {
                if (rule.hold + change < 0) continue;
                rule.hold += change;
                changed.insert(alert_name(rule));
            }
            const auto disagreement =
                test::compare(rules, to_prometheus_yaml(tampered), hosts, longest_hold(rules) + 60);
            for (const std::string& alert : changed) {
                CAPTURE(alert);
                CHECK(disagreement.alerts.contains(alert));
            }
        }
    }
    SUBCASE("a lost model or serial number") {
        std::string yaml = to_prometheus_yaml(all_rules());
        const std::string join = "group_left (device, model, serial)";
        size_t at = yaml.find(join);
        REQUIRE(at != yaml.npos);
        for (; at != yaml.npos; at = yaml.find(join, at))
            yaml.replace(at, join.size(), "group_left (device)");
        const auto disagreement = test::compare(rules, yaml, hosts, longest_hold(rules) + 60);
        for (const Rule& rule : rules) {
            if (rule.subject == SubjectKind::drive && !rule.name.starts_with("drive_gone")) {
                CAPTURE(rule.name);
                CHECK(disagreement.alerts.contains(alert_name(rule)));
            }
        }
    }
}

TEST_CASE("two info series for one drive do not silence its alerts") {
    if (!test::promtool_is_there("two info series")) return;
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

TEST_CASE("an agent that is no longer heard of, whatever its job is called") {
    if (!test::promtool_is_there("agent absent")) return;
    // a lives; b vanishes after an hour; c's scrape fails from the start; d belongs to another job;
    // e's report stands still.
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
          - {labels: 'ALERTS{alertname="LastgoodAgentAbsent",alertstate="firing",severity="unknown",instance="c",job="my-lastgood"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodReportStale",alertstate="firing",severity="unknown",instance="e",job="node"}', value: 1}
      - expr: 'ALERTS{alertstate="firing"}'
        eval_time: 75m
        exp_samples:
          - {labels: 'ALERTS{alertname="LastgoodAgentAbsent",alertstate="firing",severity="unknown",instance="b",job="node"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodAgentAbsent",alertstate="firing",severity="unknown",instance="c",job="my-lastgood"}', value: 1}
          - {labels: 'ALERTS{alertname="LastgoodReportStale",alertstate="firing",severity="unknown",instance="e",job="node"}', value: 1}
)");
    CHECK_MESSAGE(!output, *output);
}
