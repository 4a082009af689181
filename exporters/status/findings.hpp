// Parts of the status screen that other views share: the findings, and all facts of one subject.
#pragma once

#include <string>
#include <vector>

#include "core/facts.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

// Findings with their advice, worst first; of many with one advice the first ones are spelled out
// and the others named.
void add_findings(std::vector<std::string>& lines, const Facts& facts,
                  const std::vector<Finding>& findings, Timestamp now, bool past,
                  const ViewOptions& options);

enum class Ages { shown, hidden };

// "drive sdb", its identity, every observation of it in words.
std::vector<std::string> subject_lines(const Subject& subject, const Facts& facts, Timestamp now,
                                       const ViewOptions& options, Ages ages);

}  // namespace lastgood
