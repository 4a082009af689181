// Metrics about lastgood itself: its collectors, its report, its state.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric collector_success{
    .name = "lastgood_collector_success",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "1 when the collector's last run succeeded for every subject.",
};

inline constexpr Metric collector_duration_seconds{
    .name = "lastgood_collector_duration_seconds",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "How long the collector's last run took.",
};

inline constexpr Metric collector_last_success_timestamp_seconds{
    .name = "lastgood_collector_last_success_timestamp_seconds",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "When the collector last ended well; a streaming collector, when it last printed.",
    .memory = Memory::remembered,
    .done_here = true,
};

inline constexpr Metric collector_abandoned_children{
    .name = "lastgood_collector_abandoned_children",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help =
        "Children that did not end when killed (stuck in the kernel) and are no longer waited for.",
};

inline constexpr Metric collector_rejected_lines_total{
    .name = "lastgood_collector_rejected_lines_total",
    .subject = SubjectKind::collector,
    .type = MetricType::counter,
    .help = "Lines the collector printed that are no observations.",
};

inline constexpr Metric report_timestamp_seconds{
    .name = "lastgood_report_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "When the report was written.",
};

inline constexpr Metric state_persisted{
    .name = "lastgood_state_persisted",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "0 when counters and the ages of findings cannot be saved and would be lost by a restart.",
};

inline constexpr Metric config_accepted{
    .name = "lastgood_config_accepted",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "0 when the newest configuration was refused and the one before stays in force.",
};

inline constexpr Metric agent_info{
    .name = "lastgood_agent_info",
    .subject = SubjectKind::host,
    .type = MetricType::info,
    .labels = "version",
    .help = "The running agent.",
};

inline constexpr Metric agent_started_timestamp_seconds{
    .name = "lastgood_agent_started_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "When the agent was started.",
};

inline constexpr Metric watched_since_timestamp_seconds{
    .name = "lastgood_watched_since_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "From when this host is watched: the beginning of lastgood's memory.",
    .memory = Memory::remembered,
};

inline constexpr Metric generation{
    .name = "lastgood_generation",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "Reports written since the agent was started.",
};

inline constexpr Metric finding{
    .name = "lastgood_finding",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "rule,severity,kind,subject",
    .help = "1 for each finding of the report.",
};

}  // namespace lastgood::metric
