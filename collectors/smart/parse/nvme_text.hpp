// Parses what `nvme smart-log` and `nvme error-log` print without --output-format=json;
// nvme-cli 1.0 to 2.11. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "collectors/smart/parse/health.hpp"

namespace lastgood {

// "Smart Log for NVME device:nvme0 …" and "Error Log Entries for device:nvme0 …", in any order and
// number, of one drive. nullopt: neither is in the text.
std::optional<DriveHealth> parse_nvme_text(std::string_view text);

// Whether an output begins with this line, or is continued by it.
bool begins_nvme_text(std::string_view line);
bool continues_nvme_text(std::string_view line);

}  // namespace lastgood
