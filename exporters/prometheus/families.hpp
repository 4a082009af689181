// The report as families of series, in the types of prometheus-cpp. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <functional>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

// Calls `take` with each family: a vector of one, as prometheus-cpp's serializer wants it, which
// `take` may change. One is in memory at a time. Each series occurs once and has a finite value and
// label names that Prometheus accepts. With the judgement of each subject at the time of the
// report; if `fresh` is false, the only family is lastgood_report_timestamp_seconds.
using TakeFamily =
    std::function<void(const Metric& metric, std::vector<prometheus::MetricFamily>& family)>;
void for_each_family(const Report& report, bool fresh, const TakeFamily& take);

}  // namespace lastgood
