// Metrics about copies of a backup that are not whole.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric backup_broken_copy{
    .name = "lastgood_backup_broken_copy",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "copy",
    .help =
        "1, and the name of the newest copy that is truncated, empty or failed, or of its record "
        "if that is damaged. Absent if there is none, or it has no name.",
};

}  // namespace lastgood::metric
