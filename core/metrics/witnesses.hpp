// Metrics about going back in time: a filesystem that is an older copy of itself.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric filesystem_rolled_back{
    .name = "lastgood_filesystem_rolled_back",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .labels = "witness",
    .help =
        "What each witness says: 0 if the filesystem went on since lastgood last saw it, 1 if it "
        "is an older state. Absent: this witness cannot tell.",
};

inline constexpr Metric filesystem_rolled_back_timestamp_seconds{
    .name = "lastgood_filesystem_rolled_back_timestamp_seconds",
    .subject = SubjectKind::filesystem,
    .type = MetricType::gauge,
    .labels = "from,to,witness",
    .help =
        "When it was noticed that the filesystem went back in time; from is when its newer state "
        "was last seen, to the age of the state that is there.",
    .done_here = true,
};

}  // namespace lastgood::metric
