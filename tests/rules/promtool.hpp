// Compares findings with the alerts of promtool (Debian package prometheus). promtool runs for at
// most 300 s at a time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/observation.hpp"
#include "rules/rule.hpp"

namespace lastgood::test {

// Whether promtool is installed. If not, marks the test case as skipped (see skip()).
bool promtool_is_there();

// A host and the observations of it. Values that are timestamps are relative to promtool's start,
// which is time 0.
struct ObservedHost {
    std::string instance;
    std::vector<Observation> observations;
};

// Shifts values that are timestamps so that `now` becomes 0.
void move_timestamps(std::vector<Observation>& observations, Timestamp now);

struct Disagreement {
    std::set<std::string> alerts;  // names of the alerts that differ; empty: none
    std::string text;              // promtool's output
};

// The rule that the host evaluates, and the rule that promtool evaluates: the same one, or one that
// was tampered with. The alert has the name of the second one.
struct Pair {
    Rule on_host;
    Rule in_prometheus;
};
std::vector<Pair> pairs_of(const std::vector<Rule>& rules);  // pairs each rule with itself

// Evaluates one rule of each pair on the host and the other one with promtool, each minute from 0
// to `until` seconds, on the same hosts. Compares the alerts with their subjects and labels at 0,
// at `until`, and around each rule's hold time. If `yaml` is not empty, promtool reads it instead
// of the rules of the pairs.
Disagreement compare(const std::vector<Pair>& pairs, const std::vector<ObservedHost>& hosts,
                     Seconds until, const std::string& yaml = {});

// Compares summary, advice, labels and link of each rule, on a host where only this rule is
// evaluated and holds.
Disagreement compare_texts(const std::vector<Rule>& rules,
                           const std::map<std::string, ObservedHost>& host_of_rule);

// Runs `promtool test rules` on a test file with this content, in which {rules} is replaced by the
// path of a file with `yaml`. Returns promtool's output if it fails, else nullopt.
std::optional<std::string> promtool_test(const std::string& yaml, const std::string& test_file);

std::string quote(std::string_view text);  // as a quoted string of Go and YAML

}  // namespace lastgood::test
