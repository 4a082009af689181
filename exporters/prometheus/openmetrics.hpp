// OpenMetrics 1.0.0 (the specification of that name; RFC-style, 2020). prometheus-cpp 1.0 writes
// only Prometheus' older text format.
#pragma once

#include <prometheus/metric_family.h>

#include <string>

#include "core/metric.hpp"

namespace lastgood {

// Appends the family as text. The name of a counter's family has no "_total", that of an info no
// "_info". A family whose values its type forbids (an info that is not 1, a counter below 0) is
// told as a gauge or as unknown. Every value must be finite. The caller ends the text with
// openmetrics_end. Pure.
void append_openmetrics(std::string& out, const Metric& metric,
                        const prometheus::MetricFamily& family);

inline constexpr const char* openmetrics_end = "# EOF\n";

}  // namespace lastgood
