// Metrics about the host as a whole.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric backups{
    .name = "lastgood_backups",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "domain",
    .help =
        "Backups by where their copies lie against what they cover, off the host only while the "
        "newest copy and its original are good; unknown: that cannot be told.",
};

inline constexpr Metric backups_missed{
    .name = "lastgood_backups_missed",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "night",
    .help =
        "Backups with a schedule that have no copy of one night: of the night that misses most; "
        "absent if none has missed its time. The night is called by the day on which it ends.",
};

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

inline constexpr Metric journal_followed{
    .name = "lastgood_journal_followed",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "1 while the messages of smartd, mdadm's monitor and ZFS's event daemon are read from "
        "systemd's journal; 0 if this host has no journal.",
};

}  // namespace lastgood::metric
