// Metrics about drives: identity, health, errors.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric drive_info{
    .name = "lastgood_drive_info",
    .subject = SubjectKind::drive,
    .type = MetricType::info,
    .labels = "device,model,serial,firmware,wwn,transport,rotational,reader,protocol",
    .help =
        "Identity of a drive. device is its current name; reader is the tool that read its health "
        "(libatasmart, libnvme, smartctl, none).",
    .memory = Memory::remembered,
};

inline constexpr Metric drive_present{
    .name = "lastgood_drive_present",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "1 while the drive is attached, 0 after it has disappeared.",
};

inline constexpr Metric drive_answering{
    .name = "lastgood_drive_answering",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "0 when the last attempt to read the drive's health failed or ran into its deadline.",
};

inline constexpr Metric drive_read_timestamp_seconds{
    .name = "lastgood_drive_read_timestamp_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "When the drive's health was last read successfully.",
    .memory = Memory::remembered,
    .done_here = true,
};

inline constexpr Metric controller_drives{
    .name = "lastgood_controller_drives",
    .subject = SubjectKind::host,
    .type = MetricType::gauge,
    .labels = "controller,driver",
    .help =
        "Drives behind a hardware RAID controller that answered smartctl when it was asked for "
        "each. controller is the SCSI host. A drive that fails wholly is not counted: compare "
        "it with the number of drives that are there.",
};

inline constexpr Metric drive_size_bytes{
    .name = "lastgood_drive_size_bytes",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Capacity of the drive (sysfs size x 512).",
};

inline constexpr Metric drive_slot{
    .name = "lastgood_drive_slot",
    .subject = SubjectKind::drive,
    .type = MetricType::state,
    .labels = "enclosure,slot",
    .help =
        "The slot of the enclosure that the drive is in, as the kernel's ses module names them; "
        "absent if the host cannot tell.",
};

inline constexpr Metric drive_use{
    .name = "lastgood_drive_use",
    .subject = SubjectKind::drive,
    .type = MetricType::state,
    .labels = "device,use,name,array",
    .help =
        "What stands on a drive. device is the drive's own device or its partition; use is "
        "filesystem, swap, volume (a mapped device that nothing known uses), content (a signature "
        "that nothing here has mounted or assembled), volumes (of LVM, perhaps not active), boot, "
        "none or unknown; name is the mount "
        "point, the volume or the type of the content; array is the array that stands between, if "
        "one does.",
};
inline constexpr Metric drive_io_stalled_seconds{
    .name = "lastgood_drive_io_stalled_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "Time for which requests wait and none completes (sysfs inflight and stat); 0 if requests "
        "complete or none wait.",
};

inline constexpr Metric drive_count_increase{
    .name = "lastgood_drive_count_increase",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "counter",
    .help =
        "Growth of a health counter within the setting growth_window of [drives]. counter is "
        "reallocated_sectors, interface_crc_errors, reported_uncorrectable_errors, "
        "command_timeouts, media_errors, io_errors, uncorrected_errors or grown_defects.",
};

inline constexpr Metric drive_io_errors_total{
    .name = "lastgood_drive_io_errors_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .help =
        "Requests that the SCSI layer completed with an error (sysfs device/ioerr_cnt); starts at "
        "0 when the device is attached.",
    .growth = {&drive_count_increase, "io_errors"},
};

inline constexpr Metric drive_smart_passed{
    .name = "lastgood_drive_smart_passed",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "The drive's own overall verdict: 1 passed, 0 failed; absent if it has none.",
};

inline constexpr Metric drive_temperature_celsius{
    .name = "lastgood_drive_temperature_celsius",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Current temperature.",
};

inline constexpr Metric drive_temperature_limit_celsius{
    .name = "lastgood_drive_temperature_limit_celsius",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "The drive is too hot above this temperature: its own limit if it has one, else 60 for "
        "rotating and 70 for solid-state drives.",
};

inline constexpr Metric drive_power_on_seconds{
    .name = "lastgood_drive_power_on_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Time the drive has been powered on.",
};

inline constexpr Metric drive_power_state{
    .name = "lastgood_drive_power_state",
    .subject = SubjectKind::drive,
    .type = MetricType::state,
    .labels = "state",
    .help = "Power state: active, idle, standby or sleep.",
    .asleep = "standby,sleep",
};

inline constexpr Metric drive_reallocated_sectors{
    .name = "lastgood_drive_reallocated_sectors",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Sectors replaced with spare sectors (ATA attribute 5).",
    .growth = {&drive_count_increase, "reallocated_sectors"},
};

inline constexpr Metric drive_pending_sectors{
    .name = "lastgood_drive_pending_sectors",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Unreadable sectors that wait for a write (ATA attribute 197).",
};

inline constexpr Metric drive_offline_uncorrectable_sectors{
    .name = "lastgood_drive_offline_uncorrectable_sectors",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Sectors that the drive's own scan could not read (ATA attribute 198).",
};

inline constexpr Metric drive_reported_uncorrectable_errors_total{
    .name = "lastgood_drive_reported_uncorrectable_errors_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .help = "Errors that the drive could not correct and reported to the host (ATA attribute 187).",
    .growth = {&drive_count_increase, "reported_uncorrectable_errors"},
};

inline constexpr Metric drive_command_timeouts_total{
    .name = "lastgood_drive_command_timeouts_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .help =
        "Commands that were aborted because the drive took too long (ATA attribute 188, unpacked).",
    .growth = {&drive_count_increase, "command_timeouts"},
};

inline constexpr Metric drive_interface_crc_errors_total{
    .name = "lastgood_drive_interface_crc_errors_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .help = "Transfers garbled on the cable (ATA attribute 199).",
    .growth = {&drive_count_increase, "interface_crc_errors"},
};

inline constexpr Metric drive_attribute{
    .name = "lastgood_drive_attribute",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "id,name,kind",
    .help =
        "One value of an ATA SMART attribute. kind is raw (unpacked if the vendor packs several "
        "counters), normalized, worst or threshold.",
};

inline constexpr Metric drive_attributes_failing{
    .name = "lastgood_drive_attributes_failing",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Pre-failure attributes that are at or below their threshold now.",
};

inline constexpr Metric drive_old_age_attributes_failing{
    .name = "lastgood_drive_old_age_attributes_failing",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "Old-age attributes that are at or below their threshold now: the drive is worn, or a "
        "fault counter has reached its limit. This predicts no failure. Temperatures do not count.",
};

inline constexpr Metric drive_attributes_at_limit{
    .name = "lastgood_drive_attributes_at_limit",
    .subject = SubjectKind::drive,
    .type = MetricType::info,
    .labels = "attributes,type",
    .help =
        "Which attributes are at or below their threshold now, such as \"184 End-to-End_Error\", "
        "with commas between them. type is pre_failure or old_age; absent if there are none.",
};

inline constexpr Metric drive_attributes_failed_in_past{
    .name = "lastgood_drive_attributes_failed_in_past",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "Attributes that were at or below their threshold at some time and no longer are. "
        "Temperatures do not count.",
};

inline constexpr Metric drive_prefail_attributes_failed_in_past{
    .name = "lastgood_drive_prefail_attributes_failed_in_past",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Of drive_attributes_failed_in_past, the pre-failure attributes.",
};

inline constexpr Metric drive_available_spare_ratio{
    .name = "lastgood_drive_available_spare_ratio",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "NVMe: spare capacity left, 0 to 1.",
};

inline constexpr Metric drive_available_spare_threshold_ratio{
    .name = "lastgood_drive_available_spare_threshold_ratio",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "NVMe: spare capacity below which the drive warns, 0 to 1.",
};

inline constexpr Metric drive_used_endurance_ratio{
    .name = "lastgood_drive_used_endurance_ratio",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "Rated endurance used; may exceed 1.",
};

inline constexpr Metric drive_media_errors_total{
    .name = "lastgood_drive_media_errors_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .help = "NVMe: unrecovered data integrity errors.",
    .growth = {&drive_count_increase, "media_errors"},
};

inline constexpr Metric drive_critical_warning{
    .name = "lastgood_drive_critical_warning",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "warning",
    .help =
        "NVMe critical warning bits (SAS: temperature only), 1 if set: spare, temperature, "
        "reliability, read_only, "
        "volatile_backup, persistent_memory; unknown is there only if a bit without a meaning is "
        "set.",
};

inline constexpr Metric drive_error_log_entries_total{
    .name = "lastgood_drive_error_log_entries_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .help = "Entries that the drive has written to its error log in its life.",
};

inline constexpr Metric drive_logged_errors_recent{
    .name = "lastgood_drive_logged_errors_recent",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "Entries in the drive's own error log about sectors that it could not read or find (ATA: "
        "UNC, AMNF, IDNF) in its last 168 powered-on hours. A lower bound: the log keeps the "
        "newest "
        "entries only.",
};

inline constexpr Metric drive_grown_defects{
    .name = "lastgood_drive_grown_defects",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help = "SAS: defects grown since manufacture.",
    .growth = {&drive_count_increase, "grown_defects"},
};

inline constexpr Metric drive_uncorrected_errors_total{
    .name = "lastgood_drive_uncorrected_errors_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .labels = "operation",
    .help = "SAS: uncorrected errors. operation is read, write or verify.",
    .growth = {&drive_count_increase, "uncorrected_errors"},
};

inline constexpr Metric drive_self_test_failed{
    .name = "lastgood_drive_self_test_failed",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .help =
        "1 if a self-test failed and no later self-test of the same or a greater extent passed.",
};

inline constexpr Metric drive_self_test_age_seconds{
    .name = "lastgood_drive_self_test_age_seconds",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "type",
    .help = "Powered-on time since the last finished self-test. type is short or extended.",
};

inline constexpr Metric drive_kernel_errors_recent{
    .name = "lastgood_drive_kernel_errors_recent",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "kind,layer",
    .help = "Of drive_kernel_errors_total, those within the setting window of [kernel_log].",
};

inline constexpr Metric drive_kernel_errors_total{
    .name = "lastgood_drive_kernel_errors_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .labels = "kind,layer",
    .help =
        "Errors that the kernel logged for this drive. A failed request counts once in each layer "
        "that reports it (block, buffer, ata, scsi, nvme, usb, mmc, md, dm, bcache, zfs, "
        "filesystem; zed: ZFS's event daemon, from the journal): take the maximum over layers, "
        "never the sum. A lower bound, because the kernel suppresses floods.",
    .recent = &drive_kernel_errors_recent,
};

inline constexpr Metric drive_messages_recent{
    .name = "lastgood_drive_messages_recent",
    .subject = SubjectKind::drive,
    .type = MetricType::gauge,
    .labels = "kind,program",
    .help = "Of drive_messages_total, those within the setting window of [kernel_log].",
};

inline constexpr Metric drive_messages_total{
    .name = "lastgood_drive_messages_total",
    .subject = SubjectKind::drive,
    .type = MetricType::counter,
    .labels = "kind,program",
    .help =
        "Messages of trouble about this drive in systemd's journal. kind of smartd is verdict, "
        "attribute, critical_warning, pending_sectors, offline_uncorrectable_sectors, "
        "reallocated_sectors, media_errors, self_test or old_age_attribute, of mdadm's monitor "
        "kicked. smartd repeats a message at each of its checks.",
    .recent = &drive_messages_recent,
};

inline constexpr Metric drive_health{
    .name = "lastgood_drive_health",
    .subject = SubjectKind::drive,
    .type = MetricType::state,
    .labels = "state",
    .help = "What lastgood status says of the drive: fine, warning, critical or unknown.",
    .own = true,
};

}  // namespace lastgood::metric
