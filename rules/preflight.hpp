// May this drive be pulled now? Worked out from the report: what loses data at once, what would
// lose it with one more failure during the rebuild, and what would save it then.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

enum class PreflightVerdict { go, no_go, cannot_tell };

struct Preflight {
    PreflightVerdict verdict = PreflightVerdict::cannot_tell;
    std::vector<std::string> against;  // why not
    std::vector<std::string> notes;    // what else to know, whatever the verdict
    std::string drive;                 // "sdb (MODEL, serial SERIAL)"
};

// `drive` is an id of the report. A report older than `report_limit` seconds tells nothing.
Preflight preflight(const Report& report, std::string_view drive, Timestamp now);

inline constexpr Seconds preflight_report_limit = 120;

}  // namespace lastgood
