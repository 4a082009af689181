#include "tests/rules/promtool.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>

#include "core/bytes.hpp"
#include "core/host.hpp"
#include "core/judgement.hpp"
#include "core/text.hpp"
#include "rules/text.hpp"
#include "tests/select.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

namespace lastgood::test {

namespace {

constexpr Seconds step = 60;

using AlertLabels = std::map<std::string, std::string>;  // sorted by name; without empty values

std::string series_text(std::string_view name, const AlertLabels& labels) {
    std::string text(name);
    text += '{';
    for (const auto& [key, value] : labels) text += fmt::format("{}={},", key, quote(value));
    if (text.back() == ',') text.pop_back();
    return text + '}';
}

// Quotes text as single-quoted YAML.
std::string yaml_single(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        result += c;
        if (c == '\'') result += c;
    }
    return result + "'";
}

// The labels of a target. Beside its name it has some that lastgood knows nothing of: each alert of
// each rule must keep them.
AlertLabels identity(const std::string& instance) {
    return {{"instance", instance}, {"job", "lastgood"}, {"cluster", "east"}, {"rack", "r7"}};
}

// promtool's notation for the same value at every step.
std::string constant(double value, int steps) {
    if (!std::isnan(value)) return fmt::format("{:.17g}+0x{}", value, steps);
    std::string text;
    for (int i = 0; i <= steps; ++i) text += "NaN ";
    return text;
}

std::string input_series(const ObservedHost& host, int steps) {
    std::string text;
    for (const Observation& observation : host.observations) {
        AlertLabels labels = identity(host.instance);
        if (observation.metric->subject != SubjectKind::host) {
            labels[std::string(to_string(observation.metric->subject))] = observation.subject;
        }
        for (const auto& [key, value] : observation.labels) {
            if (!value.empty()) labels[key] = value;
        }
        text += fmt::format("      - series: {}\n        values: {}\n",
                            yaml_single(series_text(observation.metric->name, labels)),
                            yaml_single(constant(observation.value, steps)));
    }
    return text;
}

// The largest series of Rule::also_of; nullptr: there is none.
const Observation* told_by(const Rule& rule, std::string_view subject, const ObservedHost& host) {
    const Observation* largest = nullptr;
    const Operand& of = rule.also_of;
    for (const Observation& one : host.observations) {
        if (rule.also.empty() || one.metric != of.metric ||
            (!of.label.empty() && !contains(of.values, one.label(of.label))))
            continue;
        const bool own = of.metric->subject == rule.subject;
        if ((own ? std::string_view(one.subject) : one.label(to_string(rule.subject))) == subject &&
            (largest == nullptr || one.value > largest->value))
            largest = &one;
    }
    return largest;
}

AlertLabels labels_of(const Finding& finding, const Rule& rule, const ObservedHost& host) {
    AlertLabels labels = identity(host.instance);
    labels["severity"] = severity_label(finding.severity);
    if (const auto certainty = certainty_label(finding.severity); !certainty.empty())
        labels["certainty"] = certainty;
    if (finding.kind == SubjectKind::host) return labels;
    labels[std::string(to_string(finding.kind))] = finding.subject;
    const Observation* largest = told_by(rule, finding.subject, host);
    for (const std::string_view label : rule.also) {
        if (largest == nullptr) break;
        const std::string_view also = label == to_string(largest->metric->subject)
                                          ? std::string_view(largest->subject)
                                          : largest->label(label);
        if (!also.empty()) labels[std::string(label)] = also;
    }
    const Metric* info = info_metric(finding.kind);
    if (info == nullptr) return labels;
    for (const Observation* observation : test::select(host.observations, *info, finding.subject)) {
        for (const std::string_view key : info_labels(finding.kind)) {
            const std::string_view value = observation->label(key);
            if (!value.empty()) labels[std::string(key)] = value;
        }
    }
    return labels;
}

const Rule& rule_of(const std::vector<Rule>& rules, const std::string& name) {
    const auto found = std::ranges::find(rules, name, &Rule::name);
    REQUIRE(found != rules.end());
    return *found;
}

}  // namespace

std::string quote(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        if (c == '\n')
            result += "\\n";
        else
            result += c;
    }
    return result + '"';
}

bool promtool_is_there() {
    Command command;
    command.arguments = {"promtool", "--version"};
    const auto output = Host().run(command);
    if (output && output->exit_status == 0) return true;
    skip("promtool (package prometheus) is not installed");
    return false;
}

void move_timestamps(std::vector<Observation>& observations, Timestamp now) {
    for (Observation& observation : observations) {
        if (observation.metric->name.ends_with("_timestamp_seconds")) observation.value -= now;
    }
}

std::optional<std::string> promtool_test(const std::string& yaml, const std::string& test_file) {
    const TemporaryDirectory directory;
    const std::string rules_path = directory.write("rules.yml", yaml);
    std::string content = test_file;
    const size_t at = content.find("{rules}");
    REQUIRE(at != std::string::npos);
    const std::string test_path = directory.write("test.yml", content.replace(at, 7, rules_path));
    Command command;
    // promtool writes the differences to standard error, of which Host keeps only a part.
    command.arguments = {"sh", "-c", "exec promtool test rules \"$1\" 2>&1", "sh", test_path};
    command.deadline = 900;
    command.output_limit = 256 * mib;
    const auto output = Host().run(command);
    REQUIRE_MESSAGE(output, (output ? "" : output.error().message));
    if (output->exit_status == 0) return std::nullopt;
    return output->standard_output;
}

std::vector<Pair> pairs_of(const std::vector<Rule>& rules) {
    std::vector<Pair> pairs;
    for (const Rule& rule : rules) pairs.push_back({rule, rule});
    return pairs;
}

namespace {

// promtool refuses an expression that loads more than 10,000 samples: so many hosts at a time.
constexpr size_t hosts_at_once = 1000;

struct Comparing {
    std::vector<Rule> host_rules = {};                      // each once
    std::map<std::string, std::set<Seconds>> moments = {};  // at which a rule is compared
    Seconds until = 0;
};

// The labels of the expected alerts, without alertname, by rule and moment.
using Expected = std::map<std::pair<std::string, Seconds>, std::vector<AlertLabels>>;

Expected expected_of(const Comparing& comparing, std::span<const ObservedHost> hosts) {
    Expected expected;
    for (const ObservedHost& host : hosts) {
        RuleMemory memory;
        for (int minute = 0; minute * step <= comparing.until; ++minute) {
            const Seconds time = minute * step;
            for (const Finding& finding :
                 evaluate(comparing.host_rules, host.observations, time, memory)) {
                if (finding.accepted || !comparing.moments.at(finding.rule).contains(time))
                    continue;
                AlertLabels labels =
                    labels_of(finding, rule_of(comparing.host_rules, finding.rule), host);
                labels["alertstate"] = "firing";
                expected[{finding.rule, time}].push_back(std::move(labels));
            }
        }
    }
    return expected;
}

// One of the tests of promtool's file.
std::string test_of(const Comparing& comparing, const std::vector<Pair>& pairs,
                    std::span<const ObservedHost> hosts) {
    Expected expected = expected_of(comparing, hosts);
    std::string test = "  - interval: 1m\n    input_series:\n";
    for (const ObservedHost& host : hosts)
        test += input_series(host, static_cast<int>(comparing.until / step));
    test += "    promql_expr_test:\n";
    for (const Pair& pair : pairs) {
        const std::string rule(pair.on_host.name), alert = alert_name(pair.in_prometheus);
        for (const Seconds time : comparing.moments.at(rule)) {
            auto& samples = expected[{rule, time}];
            test += fmt::format(
                "      - expr: 'ALERTS{{alertname=\"{}\",alertstate=\"firing\"}}'\n"
                "        eval_time: {:.0f}s\n        exp_samples:{}\n",
                alert, time, samples.empty() ? " []" : "");
            for (AlertLabels labels : samples) {
                labels["alertname"] = alert;
                test += fmt::format("          - labels: {}\n            value: 1\n",
                                    yaml_single(series_text("ALERTS", labels)));
            }
        }
    }
    return test;
}

}  // namespace

Disagreement compare(const std::vector<Pair>& pairs, const std::vector<ObservedHost>& hosts,
                     Seconds until, const std::string& yaml) {
    Comparing comparing{.until = until};
    std::vector<Rule> prometheus_rules;
    for (const Pair& pair : pairs) {
        prometheus_rules.push_back(pair.in_prometheus);
        auto& of_rule = comparing.moments[std::string(pair.on_host.name)];
        if (!of_rule.empty()) continue;
        comparing.host_rules.push_back(pair.on_host);
        of_rule = {0, until};
        const Seconds hold = pair.on_host.hold;
        for (const Seconds moment : {hold - step, hold, hold + step}) {
            if (moment > 0 && moment < until) of_rule.insert(moment);
        }
    }
    std::string test = "rule_files:\n  - {rules}\nevaluation_interval: 1m\ntests:\n";
    const std::span<const ObservedHost> all(hosts);
    for (size_t at = 0; at < all.size(); at += hosts_at_once)
        test +=
            test_of(comparing, pairs, all.subspan(at, std::min(hosts_at_once, all.size() - at)));
    Disagreement disagreement;
    if (const auto output =
            promtool_test(yaml.empty() ? to_prometheus_yaml(prometheus_rules) : yaml, test)) {
        disagreement.text = *output;
        constexpr std::string_view mark = "ALERTS{alertname=\\\"";
        for (size_t at = 0; (at = output->find("expr: ", at)) != std::string::npos; ++at) {
            const size_t name = output->find(mark, at);
            if (name == std::string::npos) break;
            const size_t begin = name + mark.size();
            disagreement.alerts.insert(output->substr(begin, output->find('\\', begin) - begin));
        }
        if (disagreement.alerts.empty()) disagreement.alerts.insert("promtool failed");
    }
    return disagreement;
}

namespace {

// What precedes the steps of a backup of which nothing else is observed.
std::string stake_of(const Rule& rule, const AlertLabels& labels) {
    if (rule.subject != SubjectKind::backup) return "";
    const auto line = [&](const char* start, const char* label) {
        const auto found = labels.find(label);
        return found == labels.end() ? "" : fmt::format("{}: {}\n", start, found->second);
    };
    return fmt::format("{}{}{}\n", line("Data", "covers"), line("Copies", "location"),
                       no_other_copy);
}

}  // namespace

Disagreement compare_texts(const std::vector<Rule>& rules,
                           const std::map<std::string, ObservedHost>& host_of_rule) {
    std::string test = "rule_files:\n  - {rules}\nevaluation_interval: 1m\ntests:\n";
    for (const auto& [name, given] : host_of_rule) {
        ObservedHost host = given;
        host.instance += ":9847";  // summaries name the host without the port
        const Rule& rule = rule_of(rules, name);
        RuleMemory memory;
        std::vector<Finding> findings;
        for (int minute = 0; minute * step <= rule.hold; ++minute) {
            findings = evaluate(std::vector{rule}, host.observations, minute * step, memory);
        }
        REQUIRE_MESSAGE(findings.size() == 1, rule.name);
        AlertLabels labels = labels_of(findings[0], rule, host);
        test += fmt::format("  - interval: 1m\n    input_series:\n{}",
                            input_series(host, static_cast<int>(rule.hold / step)));
        test += fmt::format(
            "    alert_rule_test:\n      - eval_time: {:.0f}s\n        alertname: {}\n"
            "        exp_alerts:\n          - exp_labels:\n",
            rule.hold, alert_name(rule));
        for (const auto& [key, value] : labels) {
            test += fmt::format("              {}: {}\n", key, quote(value));
        }
        test += fmt::format(
            "            exp_annotations:\n              summary: {}\n              description: "
            "{}\n              runbook_url: {}\n",
            quote(fmt::format("{}: {}", given.instance, findings[0].summary)),
            quote(stake_of(rule, labels) + numbered(findings[0].steps)),
            quote(fmt::format("http://{}/rules#{}", host.instance, rule.name)));
    }
    Disagreement disagreement;
    if (const auto output = promtool_test(to_prometheus_yaml(rules), test)) {
        disagreement.text = *output;
        constexpr std::string_view mark = "alertname: ";
        for (size_t at = 0; (at = output->find(mark, at)) != std::string::npos; ++at) {
            const size_t begin = at + mark.size();
            disagreement.alerts.insert(output->substr(begin, output->find(',', begin) - begin));
        }
        if (disagreement.alerts.empty()) disagreement.alerts.insert("promtool failed");
    }
    return disagreement;
}

}  // namespace lastgood::test
