// Notices what a text of smartctl's announces and its reader does not find: rows of a form that
// nobody knows, and outputs that are cut off. Pure.
#pragma once

#include <string_view>

#include "collectors/smart/parse/smartctl_json.hpp"

namespace lastgood {

// Of the output of one drive.
class SmartctlGaps {
  public:
    // Every line that is no attribute row, trimmed, also empty ones. True: it looks like an
    // attribute row.
    bool take(std::string_view line);
    void take_attribute() { ends_in_table_ = true; }
    // Adds what is missing to the answer's doubts.
    void judge(SmartctlAnswer& answer) const;

  private:
    bool in_table_ = false;       // behind the heading of the attributes, before a blank line
    bool ends_in_table_ = false;  // no line but attribute rows since the last one
    bool attributes_ = false, whole_ = false, nvme_ = false, counters_ = false;  // announced
};

}  // namespace lastgood
