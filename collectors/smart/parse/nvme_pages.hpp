// Parses log pages of an NVMe controller (NVM Express base specification 2.0, 5.16.1.3 and
// 5.16.1.7). Pure.
#pragma once

#include <string_view>

#include "collectors/smart/parse/health.hpp"
#include "core/result.hpp"

namespace lastgood {

// SMART / Health Information, log page 02h, 512 bytes. Error: malformed, if it is shorter.
Result<DriveHealth> parse_nvme_smart_page(std::string_view page);

// Device Self-test, log page 06h, 564 bytes: up to 20 results, newest first. Error: malformed, if
// it is shorter.
Result<std::vector<SelfTest>> parse_nvme_self_test_page(std::string_view page);

}  // namespace lastgood
