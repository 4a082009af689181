// Metrics about arrays: state, members, checks.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric array_info{
    .name = "lastgood_array_info",
    .subject = SubjectKind::array,
    .type = MetricType::info,
    .labels = "device,level,layout,metadata,name",
    .help =
        "Identity of an array. level is md's level, or \"btrfs \" and its weakest profile; name is "
        "mdadm's name, LVM's (vg/lv) or the label of a btrfs.",
    .memory = Memory::remembered,
};

inline constexpr Metric array_present{
    .name = "lastgood_array_present",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "1 while the array exists, 0 after it has disappeared.",
};

inline constexpr Metric array_readable{
    .name = "lastgood_array_readable",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "0 if the state of the array could not be read.",
};

inline constexpr Metric array_state{
    .name = "lastgood_array_state",
    .subject = SubjectKind::array,
    .type = MetricType::state,
    .labels = "state",
    .help =
        "md's array_state: clear, inactive, suspended, readonly, read-auto, clean, active, "
        "write-pending, active-idle, broken.",
};

inline constexpr Metric array_members{
    .name = "lastgood_array_members",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "Members of the complete array (raid_disks).",
};

inline constexpr Metric array_degraded_members{
    .name = "lastgood_array_degraded_members",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "Members missing from the array.",
};

inline constexpr Metric array_spare_members{
    .name = "lastgood_array_spare_members",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "Spare members.",
};

inline constexpr Metric array_failed{
    .name = "lastgood_array_failed",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "1 if the array has lost more members than it survives, or cannot run.",
};

inline constexpr Metric array_member{
    .name = "lastgood_array_member",
    .subject = SubjectKind::array,
    .type = MetricType::state,
    .labels = "drive,device,slot,state,flags",
    .help =
        "State of a member: in_sync, rebuilding, replacement, spare, faulty, journal, missing or "
        "unknown. flags has further words of the kernel (write_mostly, blocked, want_replacement, "
        "write_error ...).",
};

inline constexpr Metric array_member_fatal{
    .name = "lastgood_array_member_fatal",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .labels = "drive,device",
    .help = "1 when losing this member now would lose data.",
};

inline constexpr Metric array_member_errors_total{
    .name = "lastgood_array_member_errors_total",
    .subject = SubjectKind::array,
    .type = MetricType::counter,
    .labels = "drive,device",
    .help = "Read errors that md corrected on this member (sysfs errors).",
};

inline constexpr Metric array_member_bad_blocks{
    .name = "lastgood_array_member_bad_blocks",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .labels = "drive,device",
    .help = "Ranges in the member's bad-block list.",
};

inline constexpr Metric array_sync_action{
    .name = "lastgood_array_sync_action",
    .subject = SubjectKind::array,
    .type = MetricType::state,
    .labels = "action,phase",
    .help =
        "Action of the array: idle, resync, recover, check, repair, reshape, frozen or a word of a "
        "newer kernel. phase is running, delayed (waits for another array), pending (waits for the "
        "first write), remote or none.",
};

inline constexpr Metric array_sync_progress_ratio{
    .name = "lastgood_array_sync_progress_ratio",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .labels = "action",
    .help = "Progress of a running resync, recovery, check, repair or reshape, 0 to 1.",
};

inline constexpr Metric array_sync_remaining_seconds{
    .name = "lastgood_array_sync_remaining_seconds",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .labels = "action",
    .help = "Time until a running action is done, at its present speed.",
};

inline constexpr Metric array_mismatch_sectors{
    .name = "lastgood_array_mismatch_sectors",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help =
        "Sectors with different copies, counted by the last check or repair, or so far by a "
        "running one; absent before the first.",
};

inline constexpr Metric array_last_check_timestamp_seconds{
    .name = "lastgood_array_last_check_timestamp_seconds",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "When the last check or repair of the whole array ended.",
    .memory = Memory::remembered,
};

inline constexpr Metric array_unchecked_since_timestamp_seconds{
    .name = "lastgood_array_unchecked_since_timestamp_seconds",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help =
        "End of the last check. Before the first check that lastgood saw: the time since which it "
        "knows the array.",
};

inline constexpr Metric array_survivable_failures{
    .name = "lastgood_array_survivable_failures",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "Number of further drive losses that the array is sure to survive.",
};

inline constexpr Metric array_fatal_members{
    .name = "lastgood_array_fatal_members",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .help = "Members whose loss now would lose data.",
};

inline constexpr Metric array_kernel_errors_recent{
    .name = "lastgood_array_kernel_errors_recent",
    .subject = SubjectKind::array,
    .type = MetricType::gauge,
    .labels = "kind,layer",
    .help = "Of array_kernel_errors_total, those within the setting window of [kernel_log].",
};

inline constexpr Metric array_kernel_errors_total{
    .name = "lastgood_array_kernel_errors_total",
    .subject = SubjectKind::array,
    .type = MetricType::counter,
    .labels = "kind,layer",
    .help =
        "Errors that the kernel logged for this array as a whole: requests that redundancy could "
        "not repair (io), uncorrected reads, copies that differ (array_mismatch), too many members "
        "lost (array_failed). They are charged to no drive. Layer zed: ZFS's event daemon, from "
        "the journal.",
    .recent = &array_kernel_errors_recent,
};

inline constexpr Metric array_health{
    .name = "lastgood_array_health",
    .subject = SubjectKind::array,
    .type = MetricType::state,
    .labels = "state",
    .help = "What lastgood status says of the array: fine, warning, critical or unknown.",
    .own = true,
};

}  // namespace lastgood::metric
