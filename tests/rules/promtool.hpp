// promtool as the second judge: expectations of alerts go in, the alerts that disagree come out.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/observation.hpp"
#include "rules/rule.hpp"

namespace lastgood::test {

// Whether promtool is installed; when it is not, the test case is skipped (see skip()).
bool promtool_is_there();

// One host and what was observed on it. Timestamps among the values count from the time at which
// promtool begins, 0.
struct ObservedHost {
    std::string instance;
    std::vector<Observation> observations;
};

// Moves the timestamps among the values so that `now` becomes 0.
void move_timestamps(std::vector<Observation>& observations, Timestamp now);

struct Disagreement {
    std::set<std::string> alerts;  // names of those that differ
    std::string text;              // what promtool says of it
};

// A rule by which the host judges, and the one that promtool is given in its stead: the same one,
// or one that was tampered with. The alert is the latter's.
struct Pair {
    Rule on_host;
    Rule in_prometheus;
};
std::vector<Pair> pairs_of(const std::vector<Rule>& rules);  // each with itself

// Evaluates one rule of each pair on the host and the other by promtool, every minute from 0 to
// `until`, on the same hosts, and compares which alerts fire for which subjects with which labels:
// at 0, at `until`, and about every rule's hold time. `yaml`, if not empty, is what promtool reads
// instead of the pairs' rules.
Disagreement compare(const std::vector<Pair>& pairs, const std::vector<ObservedHost>& hosts,
                     Seconds until, const std::string& yaml = {});

// The same for the texts: for each rule alone, a host on which it holds.
Disagreement compare_texts(const std::vector<Rule>& rules,
                           const std::map<std::string, ObservedHost>& host_of_rule);

// `promtool test rules` on a test file's content (of which {rules} is the path of `yaml`): its
// output, nothing when it succeeds.
std::optional<std::string> promtool_test(const std::string& yaml, const std::string& test_file);

std::string quote(std::string_view text);  // as a string of Go and YAML

}  // namespace lastgood::test
