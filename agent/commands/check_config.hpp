// lastgood config check: all that is wrong with the configuration, and with what it relies on.
#pragma once

#include <string>
#include <vector>

#include "agent/config/reading.hpp"

namespace lastgood {

struct ConfigCheck {
    std::string
        mistakes;         // with the warnings, at most 80 columns wide where words allow; may be ""
    std::string summary;  // a line for each file
    bool is_good = true;  // lastgood takes the configuration
};

// Pure. `path`: of the main file.
ConfigCheck describe_check(const ConfigReading& reading, const std::string& path);

// Prints mistakes and warnings to standard error and the summary to standard output. Returns the
// exit status: 0, also with warnings, or 3. Blocks as long as the filesystems that the
// configuration names.
int run_check(const std::string& path);

}  // namespace lastgood
