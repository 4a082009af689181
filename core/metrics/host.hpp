// Metrics about the host as a whole.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric kernel_log_lost_records_recent{
    .name = "lastgood_kernel_log_lost_records_recent",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "Of kernel_log_lost_records_total, those within the setting window of [kernel_log].",
};

inline constexpr Metric kernel_log_lost_records_total{
    .name = "lastgood_kernel_log_lost_records_total",
    .subject = SubjectKind::host,
    .type = MetricType::counter,
    .help = "Kernel log records that were overwritten before lastgood read them.",
    .recent = &kernel_log_lost_records_recent,
};

inline constexpr Metric kernel_log_suppressed_messages_total{
    .name = "lastgood_kernel_log_suppressed_messages_total",
    .subject = SubjectKind::host,
    .type = MetricType::counter,
    .help =
        "Messages that the kernel suppressed (\"callbacks suppressed\"): other counts may be too "
        "low by this number.",
};

}  // namespace lastgood::metric
