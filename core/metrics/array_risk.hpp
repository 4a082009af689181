// Metrics about the next loss of an array: who must not fail now, and for how long.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric array_member_partner{
    .name = "lastgood_array_member_partner",
    .subject = SubjectKind::array,
    .type = MetricType::state,
    .labels = "drive,device,partner",
    .help =
        "A member (device) of an array in which only some others must not fail once it is gone, as "
        "in RAID 10, and one of these (partner). Absent if it can go and one more, and if each "
        "other member must stay.",
};

inline constexpr Metric array_next_loss_fatal_ratio{
    .name = "lastgood_array_next_loss_fatal_ratio",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help =
        "Chance that the next loss of a member loses data, if each member is as likely to fail: "
        "fatal members / members in sync.",
};

inline constexpr Metric array_member_risk{
    .name = "lastgood_array_member_risk",
    .subject = SubjectKind::array,
    .type = MetricType::state,
    .labels = "drive,device,risk",
    .help =
        "A member that must not fail, and may: a fatal one of an array that lacks a member, or one "
        "of more members in trouble than the array survives. risk is errors (of the drive), slow, "
        "unread (no full read within 35 days) or alike (model, firmware and age of the failed "
        "one).",
};

inline constexpr Metric array_rebuild_bytes{
    .name = "lastgood_array_rebuild_bytes",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help =
        "Bytes that the rebuild of one member writes: its used size; of btrfs, what is allotted on "
        "a device, the mean of all.",
};

inline constexpr Metric array_rebuild_bytes_per_second{
    .name = "lastgood_array_rebuild_bytes_per_second",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .labels = "basis",
    .help =
        "Speed at which a rebuild goes. basis is measured (of the running or last check, resync or "
        "rebuild) or assumed (usual for drives of this kind, and not above md's limit).",
};

}  // namespace lastgood::metric
