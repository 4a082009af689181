// The example of docs/writing-a-collector.md. A real metric about the host would be in
// core/metrics/host.hpp.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric io_pressure_ratio{
    .name = "lastgood_io_pressure_ratio",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "Share of the last 5 minutes in which some process waited for I/O, 0 to 1 "
        "(/proc/pressure/io, avg300 of \"some\").",
};

}  // namespace lastgood::metric
