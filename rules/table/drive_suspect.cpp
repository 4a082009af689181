// Rules on drives with early signs of failure: act this week.
#include "core/metrics/drives.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

#define LASTGOOD_CHECK_BACKUP "Check that a fresh backup holds its data: lastgood status\n"
#define LASTGOOD_SELF_TEST \
    "Start a long self-test, read its result later: smartctl -t long /dev/{device}\n"

Operand growth(const Metric& count) {
    return Operand(*count.growth.metric, count.growth.metric->labels, {count.growth.counter},
                   Pick::sum);
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

// `advice` for errors that ZFS reported.
Rule with_zfs(Rule rule, std::string_view advice) {
    rule.instead.push_back({from_zfs(metric::drive_kernel_errors_recent), advice});
    return rule;
}

std::vector<Rule> sector_rules() {
    return {
        suspect(
            "drive_suspect_pending",
            {at_least(metric::drive_pending_sectors, 1), below(metric::drive_pending_sectors, 100)},
            "Drive {subject} has {value:unreadable sector|unreadable sectors}.",
            LASTGOOD_CHECK_BACKUP
            "See what it is used by: lastgood status {name}\n" LASTGOOD_SELF_TEST
            "Have a spare drive ready.",
            "A check of its array rewrites these sectors from the other copies. 34% of drives with "
            "1 or 2 pending sectors fail within a year, 2.6% of those without "
            "(Backblaze, attribute 197)."),
        suspect(
            "drive_suspect_offline_uncorrectable",
            {at_least(metric::drive_offline_uncorrectable_sectors, 1)},
            "Drive {subject} found {value:unreadable sector|unreadable sectors} in its own scan.",
            LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST
            "Ask before you pull it: lastgood preflight {name}\n"
            "Replace it if the test fails, or if the number stays after a full rewrite.",
            "81% of drives with 1 or 2 such sectors fail within a year (Backblaze, attribute "
            "198)."),
        suspect("drive_suspect_reallocating",
                {at_least(growth(metric::drive_reallocated_sectors), 1),
                 at_least(metric::drive_reallocated_sectors, 1)},
                "Drive {subject} recently replaced {value:sector|sectors} with spares: it is "
                "wearing out.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST "Have a spare drive ready.",
                "Sectors reallocated long ago are not alarming; growth is. Acting on growth "
                "prevents 88% of triple-disk failures (RAIDShield, FAST'15)."),
        suspect("drive_suspect_many_reallocated",
                {at_least(metric::drive_reallocated_sectors, 100)},
                "Drive {subject} has replaced {value:sector|sectors} with spares: it is worn.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST
                "Plan to replace it (serial {serial|unknown}).",
                "36% of drives with 70 to 260 reallocated sectors fail within a year, growing or "
                "not (Backblaze, attribute 5)."),
        suspect("drive_suspect_uncorrectable_growing",
                {at_least(growth(metric::drive_reported_uncorrectable_errors_total), 1)},
                "Drive {subject} recently reported {value:uncorrectable error|uncorrectable "
                "errors}: some data was unreadable.",
                LASTGOOD_CHECK_BACKUP
                "See what could not be read: journalctl -k -g {device}\n" LASTGOOD_SELF_TEST
                "Have a spare drive ready.",
                "34% of drives with one such error fail within a year, 2.8% of those without "
                "(Backblaze, "
                "attribute 187)."),
        suspect("drive_suspect_many_uncorrectable",
                {at_least(metric::drive_reported_uncorrectable_errors_total, 10)},
                "Drive {subject} has reported {value:uncorrectable error|uncorrectable errors} in "
                "its life.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST
                "Plan to replace it (serial {serial|unknown}).",
                "As drive_suspect_uncorrectable_growing. Ten errors are not one accident, even "
                "if they are old."),
        suspect(
            "drive_suspect_media_errors", {at_least(growth(metric::drive_media_errors_total), 1)},
            "Drive {subject} recently had {value:unrecovered data error|unrecovered data errors}: "
            "some data was unreadable.",
            LASTGOOD_CHECK_BACKUP "See what could not be read: journalctl -k -g {device}\n"
                                  "See its counters: smartctl -a /dev/{device}\n"
                                  "Have a spare drive ready.",
            "NVMe counts here what its error correction could not repair: each one is lost data."),
        suspect("drive_suspect_many_media_errors", {at_least(metric::drive_media_errors_total, 10)},
                "Drive {subject} has had {value:unrecovered data error|unrecovered data errors} in "
                "its life.",
                LASTGOOD_CHECK_BACKUP "See its counters: smartctl -a /dev/{device}\n"
                                      "Plan to replace it (serial {serial|unknown}).",
                "As drive_suspect_media_errors. Several drives that work well count a few, from a "
                "power cut for example; ten are not one accident, even if they are old."),
        suspect(
            "drive_suspect_grown_defects", {at_least(growth(metric::drive_grown_defects), 1)},
            "Drive {subject} has {value:new grown defect|new grown defects}: it is wearing out.",
            LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST "Have a spare drive ready.",
            "The SAS counterpart of reallocated sectors; only growth counts."),
        suspect("drive_suspect_many_grown_defects", {at_least(metric::drive_grown_defects, 100)},
                "Drive {subject} has {value:grown defect|grown defects}: it is worn.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST
                "Plan to replace it (serial {serial|unknown}).",
                "The SAS counterpart of drive_suspect_many_reallocated."),
        suspect("drive_suspect_uncorrected_errors",
                {at_least(growth(metric::drive_uncorrected_errors_total), 1)},
                "Drive {subject} recently had {value:uncorrected error|uncorrected errors}: some "
                "requests failed.",
                LASTGOOD_CHECK_BACKUP
                "See what failed: journalctl -k -g {device}\n" LASTGOOD_SELF_TEST
                "Have a spare drive ready.",
                "SAS error counter log pages: errors that rereading did not repair."),
        suspect("drive_suspect_uncorrected_in_life",
                {at_least(Operand(metric::drive_uncorrected_errors_total, {}, {}, Pick::sum), 1),
                 unless(at_least(growth(metric::drive_uncorrected_errors_total), 1))},
                "Drive {subject} has had {value:uncorrected error|uncorrected errors} in its life.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SELF_TEST "Have a spare drive ready.",
                "Healthy SAS drives have none: rereading repairs everything. If the number stays "
                "after a long self-test that passes, it can be accepted."),
        suspect(
            "drive_suspect_logged_errors", {at_least(metric::drive_logged_errors_recent, 1)},
            "Drive {subject} recently logged {value:unreadable sector|unreadable sectors} in its "
            "own "
            "error log.",
            LASTGOOD_CHECK_BACKUP "See where: smartctl -l error /dev/{device}\n" LASTGOOD_SELF_TEST
                                  "Have a spare drive ready.",
            "The error log holds an entry \"UNC\" for each request that failed on a bad sector, "
            "also if the sector was rewritten since and counts nowhere else. Old entries stay "
            "for ever and are common on healthy drives: only those of the last 168 powered-on "
            "hours count."),
    };
}

std::vector<Rule> other_rules() {
    const auto kernel_errors = [](std::vector<std::string_view> kinds) {
        return Operand(metric::drive_kernel_errors_recent, "kind", std::move(kinds));
    };
    const auto failing =
        at_least(kernel_errors({"medium", "hardware", "kicked", "uncorrected", "lost"}), 1);
    // A single rejected command, reset or corrected read means little.
    const auto telling = at_least(except(metric::drive_kernel_errors_recent, "kind",
                                         {"unsupported", "nexus", "target", "reset", "corrected"}),
                                  1);
#define LASTGOOD_TRY_CABLE                                                                \
    "Ask before you touch it: lastgood preflight {name}\n"                                \
    "When it may be pulled, reseat it and change its cable; if errors go on, replace it " \
    "(serial {serial|unknown})."
    return {
        with_zfs(
            suspect(
                "drive_suspect_kernel_errors", {telling, unless(failing)},
                "Drive {subject} had {value:recent kernel error|recent kernel errors}: it may be "
                "failing.",
                LASTGOOD_CHECK_BACKUP
                "See the errors: journalctl -k -g {device}\n" LASTGOOD_TRY_CABLE,
                "36% of failing drives show nothing in SMART (Google, FAST'07): the kernel log is "
                "the "
                "first witness. Timeouts and resets come from cable, backplane, power or "
                "controller as "
                "often as from the drive. Commands that the drive does not know and SCSI "
                "reservations "
                "do not count. The kernel suppresses floods, so the number is a lower bound. Each "
                "layer reports the same request, so the largest count is taken, not the sum."),
            LASTGOOD_CHECK_BACKUP "See the errors: zpool status -v\n" LASTGOOD_TRY_CABLE),
        suspect("drive_suspect_kernel_incidents",
                {at_least(kernel_errors({"target", "reset", "corrected"}), 3), unless(telling)},
                "Drive {subject} had {value:recent reset, refusal or repaired read|recent resets, "
                "refusals or repaired reads}.",
                LASTGOOD_CHECK_BACKUP "See them: journalctl -k -g {device}\n"
                                      "Ask before you touch it: lastgood preflight {name}\n"
                                      "When it may be pulled, reseat it and change its cable; if "
                                      "they go on, replace it (serial "
                                      "{serial|unknown}).",
                "One reset comes with a start or a hot-plug, one refused command with a tool that "
                "tries what the drive lacks, one repaired read with any large drive (makers "
                "promise no better than one in 12 to 125 TB). Three of one kind in a short time "
                "are not chance. A drive that also times out is reported at its first error."),
        [] {
            Rule rule = suspect(
                "drive_suspect_old_age", {at_least(metric::drive_old_age_attributes_failing, 1)},
                "Drive {subject}: {value:attribute|attributes} ({attributes|named below}) "
                "reached the maker's limit.",
                LASTGOOD_CHECK_BACKUP
                "See its attributes: smartctl -A /dev/{device}\n"
                "Order a replacement if it counts wear (173, 177, 202, 231, 233) or end-to-end "
                "errors (184).\n"
                "Check cable and power if it counts SATA downshifts (183) or timeouts (188).",
                "The maker calls such an attribute \"old-age\": it counts wear or age and "
                "foretells no failure (ATA-3), unlike drive_failing_attribute, but it has reached "
                "its limit. Temperatures belong to drive_suspect_hot.");
            rule.also = {"attributes"};
            rule.also_of = Operand(metric::drive_attributes_at_limit, "type", {"old_age"});
            return rule;
        }(),
        suspect(
            "drive_suspect_prefail_in_past",
            {at_least(metric::drive_prefail_attributes_failed_in_past, 1)},
            "Drive {subject}: {value:pre-failure attribute|pre-failure attributes} reached the "
            "maker's limit in the past.",
            LASTGOOD_CHECK_BACKUP
            "See which (In_the_past): smartctl -A /dev/{device}\n" LASTGOOD_SELF_TEST
            "Have a spare drive ready.",
            "At that time the drive forecast its failure (ATA-3), as drive_failing_attribute "
            "says. A value that recovers, such as a read error rate, does not make the cause go "
            "away. Temperatures do not count."),
        suspect(
            "drive_suspect_link", {at_least(growth(metric::drive_interface_crc_errors_total), 5)},
            "Drive {subject} recently had {value:garbled transfer|garbled transfers}: its cable is "
            "probably bad.",
            "Ask before you touch its cable: lastgood preflight {name}\n"
            "When it may be pulled, change its cable or its slot; the drive itself is probably "
            "fine.\n"
            "Watch attribute 199, which must stop growing: smartctl -A /dev/{device}",
            "A few CRC errors come with hot-plugging; five in a short time are a bad cable. The "
            "count never goes down."),
        suspect("drive_suspect_command_timeouts",
                {at_least(growth(metric::drive_command_timeouts_total), 5)},
                "Drive {subject} had {value:recent command timeout|recent command timeouts}: it "
                "may be failing.",
                LASTGOOD_CHECK_BACKUP
                "See what timed out: journalctl -k -g {device}\n" LASTGOOD_SELF_TEST
                "Have a spare drive, cable and power supply ready.",
                "Single timeouts come with resets and spin-ups; five in a short time are the lag "
                "that precedes failure (attribute 188)."),
        suspect("drive_suspect_self_test", {is(metric::drive_self_test_failed, 1)},
                "Drive {subject} failed its newest self-test: it may lose data.",
                LASTGOOD_CHECK_BACKUP "See why and where it failed: smartctl -x /dev/{device}\n"
                                      "Plan to replace it (serial {serial|unknown}).\n"
                                      "A long self-test that passes ends this finding.",
                "A long self-test reads the whole surface, so a failure means that some data "
                "cannot be read."),
        suspect("drive_suspect_endurance", {at_least(metric::drive_used_endurance_ratio, 0.9)},
                "Drive {subject} has used {value:percent} of its rated endurance.",
                "Order a replacement.\n"
                "See its partners, which wear alike in an array: lastgood status\n"
                "Replace them one after the other, not all at once.",
                "At 100% the maker's promise to hold data ends; 90% leaves time to order."),
        suspect("drive_suspect_spare_low",
                {below_other(metric::drive_available_spare_ratio,
                             metric::drive_available_spare_threshold_ratio)},
                "Drive {subject} has only {value:percent} spare capacity: it will turn read-only.",
                LASTGOOD_CHECK_BACKUP "Order a replacement now.\n"
                                      "Ask before you pull it: lastgood preflight {name}\n"
                                      "Replace it (serial {serial|unknown}).",
                "The threshold is the drive's own."),
        suspect("drive_suspect_hot",
                {above_other(metric::drive_temperature_celsius,
                             metric::drive_temperature_limit_celsius)},
                "Drive {subject} is too hot at {value} °C: heat shortens its life.",
                "Check fans, filters and the temperature of the room.\n"
                "See whether its neighbours are hot too; then it is the cooling: lastgood status",
                "The limit is the drive's own if it names one, else 60 °C for rotating and 70 °C "
                "for solid-state drives. Ten minutes, because a burst of writes warms an SSD.",
                10 * minute),
        suspect("drive_suspect_temperature_warning",
                {at_least(Operand(metric::drive_critical_warning, "warning", {"temperature"}), 1)},
                "Drive {subject} warns that its temperature is outside its limits.",
                "Check fans, filters and the heat sink.\n"
                "See for how long it has been too hot: smartctl -A /dev/{device}",
                "The drive warns of its temperature, by NVMe or SAS: no data is in danger yet."),
    };
}

}  // namespace

std::vector<Rule> drive_suspect_rules() {
    std::vector<Rule> rules = sector_rules();
    for (Rule& rule : other_rules()) rules.push_back(std::move(rule));
    return rules;
}

}  // namespace lastgood::table
