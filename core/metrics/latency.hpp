// Metrics about how quick drives are.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric drive_io_latency_seconds{
    .name = "lastgood_drive_io_latency_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "operation,percentile",
    .help =
        "Time of a request from its making to its end over the last 5 to 10 minutes "
        "(/proc/diskstats). operation is read, write, discard or flush; percentile is 50, 90 or "
        "99. The kernel tells means only: these are quantiles of means over 5 s, each with the "
        "weight of its requests.",
};

inline constexpr Metric drive_io_busy_ratio{
    .name = "lastgood_drive_io_busy_ratio",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "Share of the last minute in which a request was in flight, 0 to 1. An estimate of the "
        "kernel since 5.0: compare it with that of siblings.",
};

inline constexpr Metric drive_io_queue_requests{
    .name = "lastgood_drive_io_queue_requests",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Requests in flight, the mean of the last minute.",
};

inline constexpr Metric drive_io_waiting_seconds{
    .name = "lastgood_drive_io_waiting_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "operation",
    .help =
        "Time for which requests of this operation (read or write) have been in flight and none of "
        "them has ended: the oldest has waited this long at least. 0: they end, or none waits.",
};

inline constexpr Metric drive_slow_write_seconds{
    .name = "lastgood_drive_slow_write_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "tasks",
    .help =
        "How long writes or flushes took while writes take seconds; 0 while they do not. tasks is "
        "waited if all tasks of the host stood still for more than 10 s of these 5 minutes "
        "(/proc/pressure/io), else ran.",
};

inline constexpr Metric drive_pace{
    .name = "lastgood_drive_pace",
    .subject = SubjectKind::drive,
    .type = MetricType::state,
    .labels = "pace,reason",
    .help =
        "How quick a drive is beside siblings that do comparable work, or beside its own past if "
        "it has none: usual, noted (slow for 20 minutes; it may pass), slow, or not_judged for the "
        "last hour. reason says why it is not judged.",
};

inline constexpr Metric drive_slow_ratio{
    .name = "lastgood_drive_slow_ratio",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "against,operation,pace",
    .help =
        "How many times as long requests take as on its siblings or on other days, of a drive "
        "whose pace is noted or slow. Absent for others.",
};

inline constexpr Metric drive_judged_latency_seconds{
    .name = "lastgood_drive_judged_latency_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "of,operation",
    .help =
        "Mean time of a request in the newest minute that was judged: of the drive, and what is "
        "usual (the median of its siblings, or its own past). operation is read or write.",
};

inline constexpr Metric io_pressure_seconds_total{
    .name = "lastgood_io_pressure_seconds_total",
    .subject = SubjectKind::host,
    .type = MetricType::counter,
    .labels = "tasks",
    .help =
        "Time since boot for which tasks waited for I/O (/proc/pressure/io). tasks is some (at "
        "least one waited) or all (all that were not idle waited at once).",
};

}  // namespace lastgood::metric
