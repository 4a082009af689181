// Metrics about mounted filesystems: space, errors, what covers them.
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
        "When it will be full if it goes on filling as in the last hours; absent when it is not "
        "filling.",
};

inline constexpr Metric filesystem_read_only{
    .name = "lastgood_filesystem_read_only",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 when nothing can be written to it.",
};

inline constexpr Metric filesystem_read_only_intended{
    .name = "lastgood_filesystem_read_only_intended",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 when fstab or its type say that it is meant to be read-only.",
};

inline constexpr Metric filesystem_kernel_errors_total{
    .name = "lastgood_filesystem_kernel_errors_total",
    .subject = SubjectKind::filesystem,
    .type = MetricType::counter,
    .help =
        "Errors the filesystem has recorded of itself (ext4 errors_count, btrfs error_stats); kept "
        "on disk until fsck.",
};

inline constexpr Metric filesystem_kernel_log_errors_recent{
    .name = "lastgood_filesystem_kernel_log_errors_recent",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .labels = "kind,layer",
    .help =
        "Of filesystem_kernel_log_errors_total, those of the last 24 hours (setting "
        "kernel_log.window).",
};

inline constexpr Metric filesystem_kernel_log_errors_total{
    .name = "lastgood_filesystem_kernel_log_errors_total",
    .subject = SubjectKind::filesystem,
    .type = MetricType::counter,
    .labels = "kind,layer",
    .help =
        "Errors the kernel logged for this filesystem: inconsistent, io, checksum, corrected, "
        "uncorrected, journal_aborted, read_only, shutdown, beyond_end. No drive is blamed for "
        "them; one that failed has errors of its own.",
    .recent = &filesystem_kernel_log_errors_recent,
};

inline constexpr Metric filesystem_last_error_timestamp_seconds{
    .name = "lastgood_filesystem_last_error_timestamp_seconds",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "When the filesystem last recorded an error of itself (ext4 last_error_time).",
};

inline constexpr Metric filesystem_responding{
    .name = "lastgood_filesystem_responding",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "0 when a statvfs of the mount has not returned within its deadline.",
};

inline constexpr Metric filesystem_backed_up{
    .name = "lastgood_filesystem_backed_up",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 when some backup's covers names it or something in it; 0 when none does.",
};

inline constexpr Metric filesystem_ephemeral{
    .name = "lastgood_filesystem_ephemeral",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .help = "1 when it lies on a drive that does not survive the machine being moved or stopped.",
};

}  // namespace lastgood::metric
