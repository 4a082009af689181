// Parts of the status screen that other views share: findings, and all facts of one subject. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "exporters/status/describe.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

// Lines to show below a finding's summary, such as those of the log that it was found in.
using LinesOfFinding = std::function<std::vector<std::string>(const Finding&)>;

// Appends the findings with their advice, worst first. Of many findings with the same rule and
// advice, the first four are shown in full and the others by name. `past`: the report is old, so
// ages are shown as times.
void add_findings(std::vector<std::string>& lines, const Facts& facts,
                  const std::vector<Finding>& findings, Timestamp now, bool past,
                  const ViewOptions& options, const LinesOfFinding& more = {});

// The errors that a finding is about. For findings about drives and arrays: what stands on them,
// and the backups of that; once for each subject. Keeps pointers to the report and the judgements.
LinesOfFinding consequences(const Report& report, const Judge& judgements, bool past,
                            const ViewOptions& options);

// The subject's identity and all its observations in words; see describe.hpp.
std::vector<std::string> subject_lines(const Subject& subject, const Judge& judgements,
                                       const ViewOptions& options, Ages ages);
// The same with a title such as "drive sdb".
std::vector<std::string> titled_subject_lines(const Subject& subject, const Judge& judgements,
                                              const ViewOptions& options, Ages ages);

}  // namespace lastgood
