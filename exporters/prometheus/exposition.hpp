// The report as metrics for Prometheus. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/report.hpp"

namespace lastgood {

// Whether a report written at `written_at` describes the present state. A report from the future is
// not fresh either: after the clock was set back, the report of a dead agent would otherwise look
// fresh until the clock catches up.
bool is_fresh(Timestamp written_at, Timestamp now);

struct Exposition {
    std::string text;         // Prometheus' text format, version 0.0.4
    std::string openmetrics;  // OpenMetrics 1.0.0
};

// The same series in both formats, with the judgement of each subject at the time of the report. If
// `fresh` is false, the only family is lastgood_report_timestamp_seconds, which the alerts on a
// stopped agent compare with the clock. Values that are not finite are left out, and so are series
// whose labels Prometheus would refuse.
Exposition to_expositions(const Report& report, bool fresh);
std::string to_exposition(const Report& report, bool fresh);  // Exposition::text
// A line for people in the text format. OpenMetrics has no comments.
std::string to_comment(std::string_view words);

}  // namespace lastgood
