// Metrics about the jobs that make backups: units of systemd.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric backup_state_lost_timestamp_seconds{
    .name = "lastgood_backup_state_lost_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "When what earlier looks saw of the backup was found damaged, and lost.",
};

inline constexpr Metric backup_known_by_job_only{
    .name = "lastgood_backup_known_by_job_only",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "1 if nothing but the runs of a unit tells of the copies (setting systemd alone).",
};

inline constexpr Metric backup_job_readable{
    .name = "lastgood_backup_job_readable",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "0 if systemd could not be asked about the backup's unit (setting systemd).",
};

inline constexpr Metric backup_job_unit_state{
    .name = "lastgood_backup_job_unit_state",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "load_state",
    .help = "Whether systemd has the backup's unit: loaded, not-found, masked, bad-setting, error.",
};

inline constexpr Metric backup_job_success_timestamp_seconds{
    .name = "lastgood_backup_job_success_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "When the unit's last successful run ended: every command with exit status 0.",
};

inline constexpr Metric backup_job_end_timestamp_seconds{
    .name = "lastgood_backup_job_end_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "When the unit's last run ended, well or not.",
};

inline constexpr Metric backup_job_failed{
    .name = "lastgood_backup_job_failed",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 if the unit's last run failed, also where SuccessExitStatus= or \"-\" hides it, 0 if it "
        "succeeded; absent if that cannot be told.",
};

inline constexpr Metric backup_job_outcome{
    .name = "lastgood_backup_job_outcome",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "outcome",
    .help = "How the unit's last run ended: exit status 1, signal 9, result timeout.",
};

inline constexpr Metric backup_job_exit_status{
    .name = "lastgood_backup_job_exit_status",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Exit status of the unit's last run; absent if a signal ended it.",
};

inline constexpr Metric backup_job_partly{
    .name = "lastgood_backup_job_partly",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 if the last run made a copy without a part of the source, which could not be read "
        "(restic: exit status 3; borg: 1; rsync: 23 or 24).",
};

inline constexpr Metric backup_job_running{
    .name = "lastgood_backup_job_running",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "1 while the unit runs.",
};

inline constexpr Metric backup_job_started_timestamp_seconds{
    .name = "lastgood_backup_job_started_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Since when the unit runs; absent while it does not.",
};

inline constexpr Metric backup_job_skipped_timestamp_seconds{
    .name = "lastgood_backup_job_skipped_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "When the unit was to start last and did not, as one of its conditions was not met; absent "
        "once it has run again.",
};

inline constexpr Metric backup_job_timer{
    .name = "lastgood_backup_job_timer",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "timer",
    .help = "The timer that starts the unit, or would.",
};

inline constexpr Metric backup_job_timer_active{
    .name = "lastgood_backup_job_timer_active",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "0 if the timer that would start the unit is not active; absent if it has no timer.",
};

}  // namespace lastgood::metric
