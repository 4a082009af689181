// Metrics about the host as a whole.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric kernel_log_lost_records_recent{
    .name = "lastgood_kernel_log_lost_records_recent",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "Of kernel_log_lost_records_total, those of the last 24 hours (setting kernel_log.window).",
};

inline constexpr Metric kernel_log_lost_records_total{
    .name = "lastgood_kernel_log_lost_records_total",
    .subject = SubjectKind::host,
    .type = MetricType::counter,
    .help = "Kernel log records overwritten before they could be read.",
    .recent = &kernel_log_lost_records_recent,
};

inline constexpr Metric kernel_log_suppressed_messages_total{
    .name = "lastgood_kernel_log_suppressed_messages_total",
    .subject = SubjectKind::host,
    .type = MetricType::counter,
    .help =
        "Messages the kernel says it suppressed (\"callbacks suppressed\"): how far other counts "
        "are too low.",
};

}  // namespace lastgood::metric
