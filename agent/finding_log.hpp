// Logs the beginning and the end of each finding.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

class FindingLog {
  public:
    void tell(const std::vector<Finding>& findings);

  private:
    // findings already logged, with their summaries
    std::map<std::pair<std::string, std::string>, std::string> told_;
};

}  // namespace lastgood
