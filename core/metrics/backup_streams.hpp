// Metrics about late streams of a backup, which its whole tells together.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric backup_late_streams{
    .name = "lastgood_backup_late_streams",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "oldest",
    .help =
        "Streams whose newest copy is too old or overdue, without those of "
        "lastgood_backup_long_late_streams; oldest names the one with the oldest copy.",
};

inline constexpr Metric backup_long_late_streams{
    .name = "lastgood_backup_long_late_streams",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "oldest",
    .help =
        "Streams whose newest copy is three days over max_age, or that missed their schedule three "
        "times; oldest names the one with the oldest copy.",
};

inline constexpr Metric backup_late_with_others{
    .name = "lastgood_backup_late_with_others",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 for a late stream while another one of the same backup is as late: the backup has the "
        "finding.",
};

}  // namespace lastgood::metric
