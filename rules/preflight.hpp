// Decides from the report whether a drive is safe to pull now: whether pulling it loses data at
// once, whether one more failure during the rebuild would lose data, and whether a backup could
// then restore it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

enum class PreflightVerdict { go, no_go, cannot_tell };

struct Preflight {
    PreflightVerdict verdict = PreflightVerdict::cannot_tell;
    std::vector<std::string> against;  // reasons not to pull it; with `go` empty
    std::vector<std::string> notes;    // further facts, with any verdict
    std::string drive;                 // "sdb (MODEL, serial SERIAL)"
};

// `drive` is the id of a drive in the report. The verdict is cannot_tell if the report has no such
// drive, or if its age is above preflight_report_limit (or as far in the future).
Preflight preflight(const Report& report, std::string_view drive, Timestamp now);

inline constexpr Seconds preflight_report_limit = 120;

}  // namespace lastgood
