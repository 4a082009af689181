// Metrics about mounted filesystems: space, errors, which backups cover them.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric filesystem_info{
    .name = "lastgood_filesystem_info",
    .subject = SubjectKind::filesystem,
    .type = MetricType::info,
    .labels = "device,fstype,uuid",
    .help = "Identity of a mounted filesystem; its id is the mount point.",
};

inline constexpr Metric filesystem_drive{
    .name = "lastgood_filesystem_drive",
    .subject = SubjectKind::filesystem,
    .type = MetricType::state,
    .labels = "drive",
    .help = "1 for each drive that the filesystem lies on.",
};

inline constexpr Metric filesystem_size_bytes{
    .name = "lastgood_filesystem_size_bytes",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "Capacity (statvfs f_blocks).",
};

inline constexpr Metric filesystem_available_bytes{
    .name = "lastgood_filesystem_available_bytes",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "Space left for unprivileged users (statvfs f_bavail).",
};

inline constexpr Metric filesystem_used_ratio{
    .name = "lastgood_filesystem_used_ratio",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "Used space, 0 to 1, as df shows it.",
};

inline constexpr Metric filesystem_inodes_used_ratio{
    .name = "lastgood_filesystem_inodes_used_ratio",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "Used inodes, 0 to 1; absent where the filesystem has no fixed number.",
};

inline constexpr Metric filesystem_full_at_timestamp_seconds{
    .name = "lastgood_filesystem_full_at_timestamp_seconds",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help =
        "Time at which it will be full at its growth within the setting fill_window of "
        "[filesystems]; absent if it does not grow.",
};

inline constexpr Metric filesystem_read_only{
    .name = "lastgood_filesystem_read_only",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 if nothing can be written to it.",
};

inline constexpr Metric filesystem_read_only_intended{
    .name = "lastgood_filesystem_read_only_intended",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 if it is read-only on purpose: by fstab or by its type.",
};

inline constexpr Metric filesystem_kernel_errors_total{
    .name = "lastgood_filesystem_kernel_errors_total",
    .subject = SubjectKind::filesystem,
    .type = MetricType::counter,
    .help =
        "Errors that the filesystem has recorded on disk (ext4 errors_count, until fsck; btrfs "
        "error_stats, until they are reset).",
};

inline constexpr Metric filesystem_kernel_log_errors_recent{
    .name = "lastgood_filesystem_kernel_log_errors_recent",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .labels = "kind,layer",
    .help =
        "Of filesystem_kernel_log_errors_total, those within the setting window of [kernel_log].",
};

inline constexpr Metric filesystem_kernel_log_errors_total{
    .name = "lastgood_filesystem_kernel_log_errors_total",
    .subject = SubjectKind::filesystem,
    .type = MetricType::counter,
    .labels = "kind,layer",
    .help =
        "Errors that the kernel logged for this filesystem: inconsistent, io, checksum, corrected, "
        "uncorrected, journal_aborted, read_only, shutdown, beyond_end. They are charged to no "
        "drive; a drive that failed has errors of its own.",
    .recent = &filesystem_kernel_log_errors_recent,
};

inline constexpr Metric filesystem_last_error_timestamp_seconds{
    .name = "lastgood_filesystem_last_error_timestamp_seconds",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "Time of the last error that the filesystem recorded on disk (ext4 last_error_time).",
};

inline constexpr Metric filesystem_responding{
    .name = "lastgood_filesystem_responding",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "0 if statvfs of the mount did not return within its deadline.",
};

inline constexpr Metric filesystem_backed_up{
    .name = "lastgood_filesystem_backed_up",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 if the covers of a backup have it or a part of it, else 0.",
};

inline constexpr Metric filesystem_backup_waived{
    .name = "lastgood_filesystem_backup_waived",
    .subject = SubjectKind::filesystem,
    .type = MetricType::state,
    .labels = "reason",
    .help = "1 if the setting not_backed_up says that the filesystem needs no backup.",
};

inline constexpr Metric filesystem_elsewhere_until_timestamp_seconds{
    .name = "lastgood_filesystem_elsewhere_until_timestamp_seconds",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .labels = "owner,reason",
    .help =
        "Until then somebody says that it is backed up out of this host's sight "
        "([[declared_elsewhere]]); absent on an ephemeral disk.",
};

inline constexpr Metric filesystem_backup{
    .name = "lastgood_filesystem_backup",
    .subject = SubjectKind::filesystem,
    .type = MetricType::state,
    .labels = "backup,part",
    .help =
        "1 for each backup whose covers have the filesystem; part is empty, or names the paths if "
        "it is only those.",
};

inline constexpr Metric filesystem_ephemeral{
    .name = "lastgood_filesystem_ephemeral",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 if it lies on a disk that is lost when the machine is moved or stopped.",
};

inline constexpr Metric filesystem_health{
    .name = "lastgood_filesystem_health",
    .subject = SubjectKind::filesystem,
    .type = MetricType::state,
    .labels = "state",
    .help =
        "What lastgood status says of the filesystem and its backups: fine, warning, critical or "
        "unknown.",
    .own = true,
};

}  // namespace lastgood::metric
