// Metrics about probes: what lastgood-probe.service and lastgood-remote.service ask regularly.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric probe_info{
    .name = "lastgood_probe_info",
    .subject = SubjectKind::probe,
    .type = MetricType::info,
    .labels = "kind,service,target,title",
    .help =
        "A probe that the configuration names: write, command or address; the service that makes "
        "it, and what people call it.",
};

inline constexpr Metric probe_reported{
    .name = "lastgood_probe_reported",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help = "1 if the service that makes the probe tells of it now, else 0.",
};

inline constexpr Metric probe_asked_timestamp_seconds{
    .name = "lastgood_probe_asked_timestamp_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help = "When the last attempt ended.",
};

inline constexpr Metric probe_idle{
    .name = "lastgood_probe_idle",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help =
        "1 if nothing was written on the filesystem since the last probe, which then writes "
        "nothing either.",
};

inline constexpr Metric probe_waiting_since_timestamp_seconds{
    .name = "lastgood_probe_waiting_since_timestamp_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help = "When the attempt began that has not ended; absent if none runs.",
};

inline constexpr Metric probe_failures{
    .name = "lastgood_probe_failures",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .labels = "says,why",
    .help =
        "How many attempts have failed one after the other, why, and what a command said; absent "
        "unless the last one did.",
};

inline constexpr Metric probe_last_seconds{
    .name = "lastgood_probe_last_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help = "How long the last attempt took; absent if it failed.",
};

inline constexpr Metric probe_usual_seconds{
    .name = "lastgood_probe_usual_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .labels = "usual",
    .help =
        "How long half of the attempts take at most, without the slow ones; the label has it for "
        "people.",
};

inline constexpr Metric probe_slow_seconds{
    .name = "lastgood_probe_slow_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help =
        "How long the slow ones of the last four attempts took; absent unless two of them were "
        "slow.",
};

inline constexpr Metric probe_deadline_seconds{
    .name = "lastgood_probe_deadline_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help = "Configured: how long an attempt may take before it is ended.",
};

inline constexpr Metric probe_max_time_seconds{
    .name = "lastgood_probe_max_time_seconds",
    .subject = SubjectKind::probe,
    .type = MetricType::gauge,
    .help = "Configured: slower attempts are slow; absent if that is learned.",
};

inline constexpr Metric probe_attempts_total{
    .name = "lastgood_probe_attempts_total",
    .subject = SubjectKind::probe,
    .type = MetricType::counter,
    .labels = "up_to",
    .help =
        "Attempts since the service began that took at most up_to seconds: a histogram, if le is "
        "set to up_to by label_replace().",
};

inline constexpr Metric probe_attempt_seconds_total{
    .name = "lastgood_probe_attempt_seconds_total",
    .subject = SubjectKind::probe,
    .type = MetricType::counter,
    .help = "What the attempts took together that did not fail.",
};

}  // namespace lastgood::metric
