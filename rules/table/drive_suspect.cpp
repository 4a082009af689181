// Drives that show what failing drives show before: act this week.
#include "core/metrics/drives.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

#define LASTGOOD_WATCH_DRIVE                                                                   \
    "Check that its backups are fresh (lastgood status), have a spare drive ready, and run a " \
    "long self-test: smartctl -t long /dev/{device}; result: smartctl -l selftest /dev/{device}."

Operand growth(std::string_view count) {
    return Operand(metric::drive_count_increase, "counter", {count}, Pick::sum);
}

Rule suspect(std::string_view name, std::vector<Condition> all_of, std::string_view summary,
             std::string_view advice, std::string_view why, Seconds hold = 0) {
    return Rule{.name = name,
                .severity = Severity::warning,
                .subject = SubjectKind::drive,
                .all_of = std::move(all_of),
                .hold = hold,
                .summary = summary,
                .advice = advice,
                .why = why};
}

std::vector<Rule> sector_rules() {
    return {
        suspect(
            "drive_suspect_pending",
            {at_least(metric::drive_pending_sectors, 1), below(metric::drive_pending_sectors, 100)},
            "Drive {subject} has {value} sector(s) it cannot read.",
            "In an array, a check rewrites them from the other drives: echo check > "
            "/sys/block/mdN/md/sync_action. Otherwise restore the files that cannot be "
            "read. " LASTGOOD_WATCH_DRIVE,
            "1 or 2 pending sectors: 34% of such drives fail within a year, without: 2.6% "
            "(Backblaze, attribute 197)."),
        suspect("drive_suspect_offline_uncorrectable",
                {at_least(metric::drive_offline_uncorrectable_sectors, 1)},
                "Drive {subject} found {value} unreadable sector(s) in its own scan.",
                LASTGOOD_WATCH_DRIVE " If the number stays after a full rewrite, replace it.",
                "81% of drives with one or two fail within a year (Backblaze, attribute 198)."),
        suspect("drive_suspect_reallocating",
                {at_least(growth("reallocated_sectors"), 1),
                 at_least(metric::drive_reallocated_sectors, 1)},
                "Drive {subject} has replaced {value} more sector(s) by spare ones in the last 7 "
                "days.",
                "It is wearing out in places. " LASTGOOD_WATCH_DRIVE,
                "What has been reallocated long ago and does not grow is no alarm; growth is: "
                "acting on it prevents 88% of triple-disk failures (RAIDShield, FAST'15)."),
        suspect("drive_suspect_many_reallocated",
                {at_least(metric::drive_reallocated_sectors, 100)},
                "Drive {subject} has replaced {value} sectors by spare ones.",
                "Plan to replace it. " LASTGOOD_WATCH_DRIVE,
                "With 70 to 260 reallocated sectors 36% of drives fail within a year, growing or "
                "not (Backblaze, attribute 5)."),
        suspect("drive_suspect_uncorrectable_growing",
                {at_least(growth("reported_uncorrectable_errors"), 1)},
                "Drive {subject} reported {value} more error(s) it could not correct in the last "
                "7 days.",
                "Something could not be read: journalctl -k -g {device}. " LASTGOOD_WATCH_DRIVE,
                "With one such error 34% of drives fail within a year, without 2.8% (Backblaze, "
                "attribute 187)."),
        suspect("drive_suspect_many_uncorrectable",
                {at_least(metric::drive_reported_uncorrectable_errors_total, 10)},
                "Drive {subject} has reported {value} errors it could not correct in its life.",
                "Plan to replace it. " LASTGOOD_WATCH_DRIVE,
                "As drive_suspect_uncorrectable_growing; ten are no single accident, even if they "
                "are old."),
        suspect("drive_suspect_media_errors", {at_least(growth("media_errors"), 1)},
                "Drive {subject} had {value} more unrecovered data error(s) in the last 7 days.",
                "Something on it could not be read: journalctl -k -g {device}; nvme smart-log "
                "/dev/{device}. " LASTGOOD_WATCH_DRIVE,
                "NVMe counts here what its error correction could not repair: each one is lost "
                "data."),
        suspect("drive_suspect_grown_defects", {at_least(growth("grown_defects"), 1)},
                "Drive {subject} has {value} more grown defect(s) than 7 days ago.",
                "It is wearing out in places. " LASTGOOD_WATCH_DRIVE,
                "The SAS counterpart of reallocated sectors; only growth counts."),
        suspect("drive_suspect_uncorrected_errors", {at_least(growth("uncorrected_errors"), 1)},
                "Drive {subject} had {value} more uncorrected error(s) in the last 7 days.",
                "Something could not be read or written: journalctl -k -g {device}; smartctl -l "
                "error /dev/{device}. " LASTGOOD_WATCH_DRIVE,
                "SAS error counter log pages: errors that rereading did not repair."),
    };
}

std::vector<Rule> other_rules() {
    const auto kernel_errors = [](std::vector<std::string_view> kinds) {
        return Operand(metric::drive_kernel_errors_recent, "kind", std::move(kinds));
    };
    const auto failing =
        at_least(kernel_errors({"medium", "hardware", "kicked", "uncorrected"}), 1);
    // A single refused command, reset or repaired read says little.
    const auto telling = at_least(except(metric::drive_kernel_errors_recent, "kind",
                                         {"unsupported", "nexus", "target", "reset", "corrected"}),
                                  1);
    return {
        suspect("drive_suspect_kernel_errors", {telling, unless(failing)},
                "Drive {subject}: the kernel logged at least {value} error(s) in the last 24 "
                "hours.",
                "journalctl -k -g {device} shows them. Timeouts and resets come from cable, "
                "backplane, power or controller as often as from the drive: reseat or change the "
                "cable first, then watch. " LASTGOOD_WATCH_DRIVE,
                "36% of failing drives show nothing in SMART (Google, FAST'07): the kernel log is "
                "the first witness. Commands the drive does not know and SCSI reservations are no "
                "errors of it. The kernel suppresses floods, so one line may stand for many; and "
                "each layer reports the same request, so the largest count is taken, not the sum."),
        suspect("drive_suspect_kernel_incidents",
                {at_least(kernel_errors({"target", "reset", "corrected"}), 3), unless(telling)},
                "Drive {subject}: the kernel reset it, was refused by it or repaired what it "
                "failed to read at least {value} times in the last 24 hours.",
                "journalctl -k -g {device} shows them. Resets come from cable, backplane and power "
                "as often as from the drive: reseat or change the cable, then "
                "watch. " LASTGOOD_WATCH_DRIVE,
                "One reset comes with a start or a hot-plug, one refused command with a tool that "
                "tries what the drive lacks, one repaired read with any large drive (makers "
                "promise no better than one in 12 to 125 TB). Three of one kind within a day are "
                "no accident. Drives that time out, too, are told of at the first error."),
        suspect("drive_suspect_old_age", {at_least(metric::drive_old_age_attributes_failing, 1)},
                "Drive {subject}: {value} old-age attribute(s) are at or below the maker's "
                "threshold.",
                "smartctl -A /dev/{device} shows which (FAILING_NOW). If it counts wear (173, 177, "
                "202, 231, 233), order a replacement; if it counts faults (183, 184, 188), check "
                "cable and power first. " LASTGOOD_WATCH_DRIVE,
                "The maker calls such an attribute wear or age and foretells no failure by it "
                "(ATA-3), unlike drive_failing_attribute; but a limit it set is reached. "
                "Temperatures are left to drive_suspect_hot."),
        suspect("drive_suspect_link", {at_least(growth("interface_crc_errors"), 5)},
                "Drive {subject}: {value} transfers were garbled on its cable in the last 7 days.",
                "Change the cable, or the slot in the backplane: the drive itself is probably "
                "fine. The count never goes down; it must stop growing: smartctl -A "
                "/dev/{device}, attribute 199.",
                "A few CRC errors come with hot-plugging; five within a week are a bad cable."),
        suspect(
            "drive_suspect_command_timeouts", {at_least(growth("command_timeouts"), 5)},
            "Drive {subject}: {value} more commands ran into a timeout in the last 7 days.",
            "Check power supply and cable, then journalctl -k -g {device}. " LASTGOOD_WATCH_DRIVE,
            "Single timeouts come with resets and spin-ups; five within a week are lag that "
            "precedes failure (attribute 188)."),
        suspect("drive_suspect_self_test", {is(metric::drive_self_test_failed, 1)},
                "Drive {subject} failed its newest self-test.",
                "smartctl -l selftest /dev/{device} names the first bad sector (smartctl -a for "
                "NVMe and SAS). Check its backups, plan to replace it; a self-test that passes "
                "ends this.",
                "A self-test reads the whole surface: what it cannot read, nobody can."),
        suspect("drive_suspect_endurance", {at_least(metric::drive_used_endurance_ratio, 0.9)},
                "Drive {subject} has used {value:percent} of its rated endurance.",
                "Order a replacement. Drives of an array wear alike: look at its partners too "
                "(lastgood status), and replace them one after the other, not all at once.",
                "At 100% the maker's promise to hold data ends; 90% leaves time to order."),
        suspect("drive_suspect_spare_low",
                {below_other(metric::drive_available_spare_ratio,
                             metric::drive_available_spare_threshold_ratio)},
                "Drive {subject} has only {value:percent} of its spare capacity left.",
                "Order a replacement now: when the spare is used up it turns read-only. "
                "Check its backups (lastgood status).",
                "The threshold is the drive's own."),
        suspect("drive_suspect_hot",
                {above_other(metric::drive_temperature_celsius,
                             metric::drive_temperature_limit_celsius)},
                "Drive {subject} is too hot: {value} °C.",
                "Check fans, filters and the room. Heat shortens a drive's life and slows it "
                "down. If its neighbours are hot too, it is the cooling.",
                "The drive's own limit where it names one, else 60 °C for rotating and 70 °C for "
                "solid-state drives; ten minutes, because a burst of writes warms an SSD.",
                10 * minute),
        suspect("drive_suspect_temperature_warning",
                {at_least(Operand(metric::drive_critical_warning, "warning", {"temperature"}), 1)},
                "Drive {subject} warns that its temperature is outside its limits.",
                "Check fans, filters and the heat sink: nvme smart-log /dev/{device} shows for how "
                "long it has been too hot.",
                "The NVMe critical warning bit for temperature: no data is in danger yet."),
    };
}

}  // namespace

std::vector<Rule> drive_suspect_rules() {
    std::vector<Rule> rules = sector_rules();
    for (Rule& rule : other_rules()) rules.push_back(std::move(rule));
    return rules;
}

}  // namespace lastgood::table
