#include "tests/rules/promtool.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/host.hpp"
#include "rules/text.hpp"

namespace lastgood::test {

namespace {

constexpr Seconds step = 60;

using AlertLabels = std::map<std::string, std::string>;  // sorted; without empty values

std::string series_text(std::string_view name, const AlertLabels& labels) {
    std::string text(name);
    text += '{';
    for (const auto& [key, value] : labels) text += fmt::format("{}={},", key, quote(value));
    if (text.back() == ',') text.pop_back();
    return text + '}';
}

// Single-quoted YAML.
std::string yaml_single(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        result += c;
        if (c == '\'') result += c;
    }
    return result + "'";
}

AlertLabels identity(const std::string& instance) {
    return {{"instance", instance}, {"job", "lastgood"}};
}

// The same value at every step.
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

AlertLabels labels_of(const Finding& finding, const ObservedHost& host) {
    AlertLabels labels = identity(host.instance);
    labels["severity"] = to_string(finding.severity);
    if (finding.kind == SubjectKind::host) return labels;
    labels[std::string(to_string(finding.kind))] = finding.subject;
    const Metric* info = info_metric(finding.kind);
    if (info == nullptr) return labels;
    for (const Observation* observation : select(host.observations, *info, finding.subject)) {
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
        result += c;
    }
    return result + '"';
}

bool promtool_is_there(const std::string& test) {
    Command command;
    command.arguments = {"promtool", "--version"};
    const auto output = Host().run(command);
    if (output && output->exit_status == 0) return true;
    const char* ci = std::getenv("CI");
    if (ci != nullptr && *ci != '\0' && std::string_view(ci) != "false") {
        std::fputs("CI is set and promtool is not installed\n", stderr);
        std::exit(2);
    }
    std::printf("SKIP: %s: promtool (package prometheus) is not installed\n", test.c_str());
    return false;
}

void move_timestamps(std::vector<Observation>& observations, Timestamp now) {
    for (Observation& observation : observations) {
        if (observation.metric->name.ends_with("_timestamp_seconds")) observation.value -= now;
    }
}

std::optional<std::string> promtool_test(const std::string& yaml, const std::string& test_file) {
    std::string directory = (std::filesystem::temp_directory_path() / "lastgood-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    const std::string rules_path = directory + "/rules.yml";
    const std::string test_path = directory + "/test.yml";
    std::ofstream(rules_path) << yaml;
    std::string content = test_file;
    const size_t at = content.find("{rules}");
    REQUIRE(at != std::string::npos);
    std::ofstream(test_path) << content.replace(at, 7, rules_path);
    Command command;
    // Its standard error, which says what differs, is longer than what Host keeps of one.
    command.arguments = {"sh", "-c", "exec promtool test rules \"$1\" 2>&1", "sh", test_path};
    command.deadline = 300;
    command.output_limit = 256 * 1024 * 1024;
    const auto output = Host().run(command);
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    REQUIRE_MESSAGE(output, (output ? "" : output.error().message));
    if (output->exit_status == 0) return std::nullopt;
    return output->standard_output;
}

Disagreement compare(const std::vector<Rule>& host_rules, const std::string& yaml,
                     const std::vector<ObservedHost>& hosts, Seconds until) {
    // When each rule is looked at.
    std::map<std::string, std::set<Seconds>> moments;
    for (const Rule& rule : host_rules) {
        if (rule.prometheus_only) continue;
        auto& of_rule = moments[std::string(rule.name)];
        of_rule = {0, until};
        for (const Seconds moment : {rule.hold - step, rule.hold, rule.hold + step}) {
            if (moment > 0 && moment < until) of_rule.insert(moment);
        }
    }
    // Samples expected, by rule and moment.
    std::map<std::pair<std::string, Seconds>, std::string> expected;
    for (const ObservedHost& host : hosts) {
        RuleMemory memory;
        for (Seconds time = 0; time <= until; time += step) {
            for (const Finding& finding : evaluate(host_rules, host.observations, time, memory)) {
                if (!moments[finding.rule].contains(time)) continue;
                AlertLabels labels = labels_of(finding, host);
                labels["alertname"] = alert_name(rule_of(host_rules, finding.rule));
                labels["alertstate"] = "firing";
                expected[{finding.rule, time}] +=
                    fmt::format("          - labels: {}\n            value: 1\n",
                                yaml_single(series_text("ALERTS", labels)));
            }
        }
    }
    const int steps = static_cast<int>(until / step);
    std::string test =
        "rule_files:\n  - {rules}\nevaluation_interval: 1m\ntests:\n"
        "  - interval: 1m\n    input_series:\n";
    for (const ObservedHost& host : hosts) test += input_series(host, steps);
    test += "    promql_expr_test:\n";
    for (const auto& [name, times] : moments) {
        const std::string alert = alert_name(rule_of(host_rules, name));
        for (const Seconds time : times) {
            const std::string& samples = expected[{name, time}];
            test += fmt::format(
                "      - expr: 'ALERTS{{alertname=\"{}\",alertstate=\"firing\"}}'\n"
                "        eval_time: {:.0f}s\n        exp_samples:{}\n{}",
                alert, time, samples.empty() ? " []" : "", samples);
        }
    }
    Disagreement disagreement;
    if (const auto output = promtool_test(yaml, test)) {
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

Disagreement compare_texts(const std::vector<Rule>& rules,
                           const std::map<std::string, ObservedHost>& host_of_rule) {
    std::string test = "rule_files:\n  - {rules}\nevaluation_interval: 1m\ntests:\n";
    for (const auto& [name, host] : host_of_rule) {
        const Rule& rule = rule_of(rules, name);
        RuleMemory memory;
        std::vector<Finding> findings;
        for (Seconds time = 0; time <= rule.hold; time += step) {
            findings = evaluate(std::vector{rule}, host.observations, time, memory);
        }
        REQUIRE(findings.size() == 1);
        AlertLabels labels = labels_of(findings[0], host);
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
            "{}\n",
            quote(findings[0].summary), quote(findings[0].advice));
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
