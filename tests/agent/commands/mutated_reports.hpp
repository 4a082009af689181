// Changes of a recorded host, each of which some screen must notice.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/agent/commands/recorded_reports.hpp"

namespace lastgood::test {

struct Change {
    std::string name;
    std::function<void(NamedReport&)> apply;
};

// Of one drive, array, filesystem and backup of the host, and of each member: every state that
// lastgood knows, and one that it does not; values that are missing, old or from the future.
std::vector<Change> changes_of(const NamedReport& host);

enum class Hold { just_began, for_long };          // whether what must hold for a while counts
enum class Accepted { nothing, one, everything };  // one: the first finding of each subject

// What the rules find in the report now.
void find_again(NamedReport& host, Hold hold, Accepted accepted);
// Adds a finding of each rule about a subject of the host, one in each report.
std::vector<NamedReport> with_each_finding(const NamedReport& host);

}  // namespace lastgood::test
