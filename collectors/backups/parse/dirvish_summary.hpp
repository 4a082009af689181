// Parses dirvish's record of an image, IMAGE/summary (1.2). Pure, but for the local time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct DirvishSummary {
    std::string branch;  // "default"
    std::optional<Timestamp> begin, complete;
    std::string status;  // "success", "error (23) -- partial transfer"; empty: it has not ended
};

// malformed: no image, vault or client in it.
Result<DirvishSummary> parse_dirvish_summary(std::string_view text);

// Whether all that could be read was copied: success, or files vanished meanwhile (code 24).
bool is_whole_dirvish_status(std::string_view status);

}  // namespace lastgood
