// JSON output of nvme-cli: `nvme smart-log -o json` and `nvme list -o json`, 1.x to 2.11. Versions
// differ in whether numbers are numbers, floating point or strings, and whether the critical
// warning is a number or an object.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/smart/health.hpp"
#include "core/result.hpp"

namespace lastgood {

struct NvmeAnswer {
    bool is_list = false;
    std::vector<DriveHealth>
        drives;  // smart-log: one, without identity; list: identities without health
};

// Malformed: neither of the two.
Result<NvmeAnswer> parse_nvme_json(std::string_view text);

}  // namespace lastgood
