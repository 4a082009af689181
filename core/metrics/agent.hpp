// Metrics about lastgood itself: its collectors, its report, its saved state.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric collector_success{
    .name = "lastgood_collector_success",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "1 if the last run of the collector succeeded for every subject.",
    .own = true,
};

inline constexpr Metric collector_duration_seconds{
    .name = "lastgood_collector_duration_seconds",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "Duration of the collector's last run.",
    .own = true,
};

inline constexpr Metric collector_last_success_timestamp_seconds{
    .name = "lastgood_collector_last_success_timestamp_seconds",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "Time of the collector's last successful run; of a stream, when it last printed.",
    .memory = Memory::remembered,
    .done_here = true,
    .own = true,
};

inline constexpr Metric collector_abandoned_children{
    .name = "lastgood_collector_abandoned_children",
    .subject = SubjectKind::collector,
    .type = MetricType::gauge,
    .help = "Child processes that did not end when they were killed (stuck in the kernel).",
    .own = true,
};

inline constexpr Metric collector_rejected_lines_total{
    .name = "lastgood_collector_rejected_lines_total",
    .subject = SubjectKind::collector,
    .type = MetricType::counter,
    .help = "Lines of the collector that are not valid observations.",
    .own = true,
};

inline constexpr Metric report_timestamp_seconds{
    .name = "lastgood_report_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "When the report was written.",
    .own = true,
};

inline constexpr Metric state_persisted{
    .name = "lastgood_state_persisted",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "0 if the state cannot be saved: a restart would lose counters and the beginnings of "
        "findings.",
    .own = true,
};

inline constexpr Metric state_lost_timestamp_seconds{
    .name = "lastgood_state_lost_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "reason",
    .help =
        "When saved state was found lost, until that is accepted: the database was damaged, "
        "missing or foreign (another program's), or rows of it made no sense.",
    .done_here = true,
    .own = true,
};

inline constexpr Metric config_accepted{
    .name = "lastgood_config_accepted",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "0 if the newest configuration has an error, so that the one before stays in force.",
    .own = true,
};

inline constexpr Metric listener_up{
    .name = "lastgood_listener_up",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "1 if the listener that lastgood run has started answers and can read the report, 0 if "
        "not; absent where a service of its own runs it.",
    .own = true,
};

inline constexpr Metric agent_info{
    .name = "lastgood_agent_info",
    .subject = SubjectKind::host,
    .type = MetricType::info,
    .labels = "version",
    .help = "Version of the running agent.",
    .own = true,
};

inline constexpr Metric agent_started_timestamp_seconds{
    .name = "lastgood_agent_started_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "When the agent was started.",
    .own = true,
};

inline constexpr Metric watched_since_timestamp_seconds{
    .name = "lastgood_watched_since_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help = "Time since which lastgood watches this host.",
    .memory = Memory::remembered,
    .own = true,
};

inline constexpr Metric generation{
    .name = "lastgood_generation",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .help =
        "Reports written on this host, also before restarts; each may skip up to 240. If it is "
        "lower than it was, the saved state is an older copy.",
    .own = true,
};

// The label that names the subject is that of its kind; none for a rule about the host.
inline constexpr Metric accepted{
    .name = "lastgood_accepted",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "rule,drive,array,filesystem,data,backup,collector",
    .help =
        "A finding of this rule is accepted: as long as the rule's value is not worse than this. "
        "1 if the rule compares no value that can get worse.",
    .own = true,
};

inline constexpr Metric accepted_until_timestamp_seconds{
    .name = "lastgood_accepted_until_timestamp_seconds",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "rule,drive,array,filesystem,data,backup,collector",
    .help = "When an acceptance ends.",
    .own = true,
};

inline constexpr Metric finding{
    .name = "lastgood_finding",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "rule,severity,certainty,kind,subject",
    .help =
        "1 for each finding of the report that is not accepted. severity is critical or warning; "
        "certainty is unknown "
        "where lastgood cannot tell.",
    .own = true,
};

inline constexpr Metric collector_health{
    .name = "lastgood_collector_health",
    .subject = SubjectKind::collector,
    .type = MetricType::state,
    .labels = "state",
    .help = "What lastgood status says of the collector: fine, warning, critical or unknown.",
    .own = true,
};

inline constexpr Metric host_health{
    .name = "lastgood_host_health",
    .subject = SubjectKind::host,
    .type = MetricType::state,
    .labels = "state",
    .help =
        "What lastgood status says of the whole host, by its exit status: fine, warning, critical "
        "or unknown.",
    .own = true,
};

}  // namespace lastgood::metric
