// Parses the JSON output of nvme-cli 1.x to 2.11: `nvme smart-log -o json`, `nvme list -o json`.
// Depending on the version, numbers are integers, floating point or strings, and the critical
// warning is a number or an object. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/smart/parse/health.hpp"
#include "core/result.hpp"

namespace lastgood {

struct NvmeAnswer {
    bool is_list = false;
    // smart-log: one drive without identity; list: identities without health, at most 1000.
    std::vector<DriveHealth> drives;
};

// Error: malformed, if it is neither of the two.
Result<NvmeAnswer> parse_nvme_json(std::string_view text);

}  // namespace lastgood
