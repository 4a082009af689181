// Metrics about spools: directories that must keep draining.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric spool_info{
    .name = "lastgood_spool_info",
    .subject = SubjectKind::spool,
    .type = MetricType::info,
    .labels = "path",
    .help = "A spool that the configuration names, and the directory or pattern of its entries.",
};

inline constexpr Metric spool_readable{
    .name = "lastgood_spool_readable",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "1 if the last look at it came to its end, else 0.",
};

inline constexpr Metric spool_missing{
    .name = "lastgood_spool_missing",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "1 if there is no such directory, and none that its pattern matches.",
};

inline constexpr Metric spool_count{
    .name = "lastgood_spool_count",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help =
        "Entries that lie in it, also in its subdirectories; not those whose name begins with a "
        "dot.",
};

inline constexpr Metric spool_size_bytes{
    .name = "lastgood_spool_size_bytes",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "Size of its entries, as far as they were looked at.",
};

inline constexpr Metric spool_count_incomplete{
    .name = "lastgood_spool_count_incomplete",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help =
        "1 if it has more entries than could be looked at in time, or some could not be read: its "
        "figures are then lower bounds.",
};

inline constexpr Metric spool_oldest_timestamp_seconds{
    .name = "lastgood_spool_oldest_timestamp_seconds",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help =
        "When the oldest entry came: when it was created, or changed last where the filesystem "
        "does not record that or entries come by a rename from elsewhere. Absent if it is empty.",
};

inline constexpr Metric spool_growth_per_minute{
    .name = "lastgood_spool_growth_per_minute",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help =
        "Entries by which it grows each minute, less than 0 if it shrinks: over the last minutes, "
        "or since nothing leaves it any more.",
};

inline constexpr Metric spool_drained_per_minute{
    .name = "lastgood_spool_drained_per_minute",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help =
        "Entries that left it each minute of the last minutes, by a sample; without those that "
        "came and left between two looks.",
};

inline constexpr Metric spool_still_since_timestamp_seconds{
    .name = "lastgood_spool_still_since_timestamp_seconds",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "Since then nothing has left it although something lay there; absent if it is empty.",
};

inline constexpr Metric spool_empty_at_timestamp_seconds{
    .name = "lastgood_spool_empty_at_timestamp_seconds",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "When it will be empty at this pace; absent if it does not shrink.",
};

inline constexpr Metric spool_max_pause_seconds{
    .name = "lastgood_spool_max_pause_seconds",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "Configured: how long nothing may leave it while something lies there.",
};

inline constexpr Metric spool_max_age_seconds{
    .name = "lastgood_spool_max_age_seconds",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "Configured: how old its oldest entry may be; absent if nothing is configured.",
};

inline constexpr Metric spool_max_count{
    .name = "lastgood_spool_max_count",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "Configured: how many entries may lie in it; absent if nothing is configured.",
};

inline constexpr Metric spool_max_size_bytes{
    .name = "lastgood_spool_max_size_bytes",
    .subject = SubjectKind::spool,
    .type = MetricType::gauge,
    .help = "Configured: how large its entries may be together; absent if nothing is configured.",
};

}  // namespace lastgood::metric
