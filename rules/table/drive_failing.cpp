// Rules on drives that are failing, gone or stuck: act tonight.
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

// Whatever the cause, the data comes first, then the drive.
#define LASTGOOD_SAVE_DATA \
    "Check that a fresh backup holds its data; copy off what none holds: lastgood status\n"
#define LASTGOOD_REPLACE_DRIVE                                  \
    "Ask before you pull it: lastgood preflight {name}\n"       \
    "Replace it (serial {serial|unknown}); while its md array " \
    "is sound, add the new drive first and use mdadm --replace."
// For a drive that its array has removed.
#define LASTGOOD_REPLACE_KICKED                           \
    "Ask before you pull it: lastgood preflight {name}\n" \
    "Replace it (serial {serial|unknown})."

Operand faulty() {
    return {metric::array_member, "state", {"faulty"}};
}

// LASTGOOD_FAILING_ADVICE makes both advices; `look` is the step that shows why, or empty.
Rule failing(std::string_view name, std::vector<Condition> all_of, std::string_view summary,
             std::string_view advice, std::string_view advice_when_kicked, std::string_view why) {
    return Rule{.name = name,
                .severity = Severity::critical,
                .subject = SubjectKind::drive,
                .all_of = std::move(all_of),
                .summary = summary,
                .advice = advice,
                .instead = {{is(faulty(), 1), advice_when_kicked}},
                .why = why,
                .is_loss = true};
}
#define LASTGOOD_FAILING_ADVICE(look) \
    LASTGOOD_SAVE_DATA look LASTGOOD_REPLACE_DRIVE, LASTGOOD_SAVE_DATA look LASTGOOD_REPLACE_KICKED

}  // namespace

std::vector<Rule> drive_failing_rules() {
    return {
        failing(
            "drive_failing_verdict",
            {is(metric::drive_smart_passed, 0), unless(present(metric::drive_critical_warning))},
            "Drive {subject} predicts its own failure: its SMART verdict is FAILED.",
            LASTGOOD_FAILING_ADVICE(),
            "The maker sets the verdict to FAILED only when failure is near: expect to lose "
            "the drive within a day. The verdict is seldom set and seldom wrong. An NVMe "
            "drive has no other verdict than its critical warnings, and one of these only "
            "says that it is hot: see drive_failing_critical_warning and "
            "drive_suspect_temperature_warning."),
        failing("drive_failing_attribute", {at_least(metric::drive_attributes_failing, 1)},
                "Drive {subject} will soon fail: {value:pre-failure attribute reached its "
                "threshold|pre-failure attributes reached their thresholds}.",
                LASTGOOD_FAILING_ADVICE("See which attribute is FAILING_NOW: smartctl -A "
                                        "/dev/{device}\n"),
                "A pre-failure attribute at or below its threshold is the maker's forecast of a "
                "failure within 24 hours (ATA-3). This holds even while the overall verdict "
                "still says PASSED."),
        failing("drive_failing_critical_warning",
                {at_least(Operand(metric::drive_critical_warning, "warning",
                                  {"spare", "reliability", "read_only", "volatile_backup",
                                   "persistent_memory"}),
                          1)},
                "Drive {subject} warns that its data is in danger (NVMe critical warning).",
                LASTGOOD_FAILING_ADVICE("See the warning: smartctl -H /dev/{device}\n"),
                "NVMe Base Specification, SMART / Health Information: the spare capacity is "
                "used up, the drive is unreliable, its memory backup failed, or it is read-only "
                "and takes no more writes. The temperature bit belongs to "
                "drive_suspect_temperature_warning."),
        failing("drive_failing_medium_errors",
                {at_least(Operand(metric::drive_kernel_errors_recent, "kind", {"medium"}), 1)},
                "Drive {subject} cannot read or write some sectors: {value:recent kernel "
                "error|recent kernel errors}.",
                LASTGOOD_FAILING_ADVICE("See where: journalctl -k -g {device}\n"),
                "What lay there is lost unless a mirror, parity or a backup has it. After its "
                "first scan error a drive is 39 times more likely to fail within 60 days, and 36% "
                "of failing drives show nothing in SMART (Google, FAST'07). The kernel "
                "suppresses floods of messages, so the number is a lower bound."),
        failing("drive_failing_hardware_errors",
                {at_least(Operand(metric::drive_kernel_errors_recent, "kind", {"hardware"}), 1)},
                "Drive {subject} reports failing hardware: {value:recent kernel "
                "error|recent kernel errors}.",
                LASTGOOD_FAILING_ADVICE("See which: journalctl -k -g {device}\n"),
                "With SCSI sense \"Hardware Error\" and NVMe internal errors the drive itself "
                "says that its electronics or mechanics fail."),
        Rule{
            .name = "drive_failing_given_up",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(Operand(metric::drive_kernel_errors_recent, "kind", {"lost"}), 1),
                       unless(is(metric::drive_present, 0))},
            .summary = "Drive {subject} is gone: the kernel gave it up after errors.",
            .advice = LASTGOOD_SAVE_DATA
            "See what happened: journalctl -k -g {device}\n"
            "Ask before you touch it: lastgood preflight {name}\n"
            "When it may be pulled, check its cable and slot; if it stays away, replace it (serial "
            "{serial|unknown}).",
            .why = "The driver disabled or removed the device, or the controller before it: all "
                   "requests fail until a reset or a replug, even if the name is still there. "
                   "When the host no longer sees it, drive_gone reports it.",
            .is_loss = true,
        },
        Rule{
            .name = "drive_failing_dropped",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(
                Operand(metric::drive_kernel_errors_recent, "kind", {"kicked", "uncorrected"}), 1)},
            .summary =
                "Drive {subject} recently failed in its array: removed, or errors not repaired.",
            .advice = LASTGOOD_SAVE_DATA
            "See what happened: journalctl -k -g {device}\n" LASTGOOD_REPLACE_KICKED,
            .instead = {{from_zfs(metric::drive_kernel_errors_recent), LASTGOOD_SAVE_DATA
                         "See what happened: zpool status -v\n" LASTGOOD_REPLACE_KICKED}},
            .why = "The same as drive_failing_kicked, from the kernel log: it also holds when "
                   "the array is gone or has already rebuilt onto a spare. ZFS's event daemon "
                   "tells it of ZFS.",
            .is_loss = true,
        },
        Rule{
            .name = "drive_failing_kicked",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {is(faulty(), 1)},
            .summary = "Drive {subject} is faulty: its array runs with less redundancy.",
            .advice = LASTGOOD_SAVE_DATA
            "Do not add it again before you know why it was removed: journalctl -k -g "
            "{device}\n" LASTGOOD_REPLACE_KICKED,
            .also = {"array"},
            .also_of = faulty(),
            .why = "md removes a member when it cannot write to it, or when its read errors cannot "
                   "be repaired.",
        },
        failing("drive_failing_unreadable_sectors", {at_least(metric::drive_pending_sectors, 100)},
                "Drive {subject} has {value:unreadable sector|unreadable sectors}: their "
                "data is lost on it.",
                LASTGOOD_FAILING_ADVICE(),
                "\"PASSED\" with hundreds of pending sectors is common. From 2 on, 68% of such "
                "drives fail within a year (Backblaze, attribute 197); with 100, data is being "
                "lost now."),
        Rule{
            .name = "drive_io_stalled",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(metric::drive_io_stalled_seconds, 30)},
            .summary = "Drive {subject} has hung for {value:duration}: no request completes.",
            .advice = "See whether the kernel resets it: journalctl -k -g {device}\n"
                      "Check its cable, backplane and controller, or the storage behind a virtual "
                      "drive.\n"
                      "Ask whether its array can do without it: lastgood preflight {name}\n"
                      "If the answer is GO, fail it in its md array (mdadm --fail), so that the "
                      "array goes on.",
            .why = "30 s is the kernel's own limit for a request (SCSI and NVMe timeouts). A drive "
                   "that spins up needs less.",
        },
        Rule{
            .name = "drive_gone",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_present, 0),
                       unless(present(Operand(metric::drive_info, "transport", {"usb", "mmc"})))},
            .summary = "Drive {subject} has disappeared: the host no longer sees it.",
            .advice = "Check its arrays and backups before you restart anything: lastgood status\n"
                      "See when it fell off its bus: journalctl -k -g {device}\n"
                      "Check power, cable and backplane, then put it back.\n"
                      "If somebody removed it on purpose: lastgood forget {id}",
            .why = "A drive that disappears has failed or lost its cable. Drives on USB and card "
                   "readers are meant to be unplugged: see drive_gone_removable.",
        },
        Rule{
            .name = "drive_gone_removable",
            .severity = Severity::warning,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_present, 0),
                       present(Operand(metric::drive_info, "transport", {"usb", "mmc"}))},
            .hold = 10 * minute,
            .summary = "Removable drive {subject} has disappeared: the host no longer sees it.",
            .advice =
                "If it holds backups, plug it in again.\n"
                "If nobody unplugged it, check cable and power supply: journalctl -k -g {device}\n"
                "If it stays away for good: lastgood forget {id}",
            .why = "USB bridges reset now and then. Ten minutes leave time to plug it in again.",
        },
        Rule{
            .name = "drive_critical_warning_unknown",
            .severity = Severity::unknown,
            .subject = SubjectKind::drive,
            .all_of = {at_least(Operand(metric::drive_critical_warning, "warning", {"unknown"}),
                                1)},
            .summary = "Drive {subject} sets a critical warning whose meaning is unknown.",
            .advice = "See what it says: smartctl -x /dev/{device}\n"
                      "Ask its maker what the upper bits of \"Critical Warning\" mean.\n"
                      "Check that a fresh backup holds its data: lastgood status",
            .why =
                "The NVMe Base Specification gives a meaning to the lower six bits only. A drive "
                "that sets another one says that something is wrong with it.",
        },
        Rule{
            .name = "drive_not_answering",
            .severity = Severity::unknown,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_answering, 0)},
            .summary = "Drive {subject} does not answer health queries: its health is unknown.",
            .advice = "See what it answers: timeout 60 smartctl -x /dev/{device}\n"
                      "See whether it also fails to read: journalctl -k -g {device}\n"
                      "If both hang or fail, check its backups: lastgood status\n"
                      "Then ask before you pull it: lastgood preflight {name}",
            .why = "A health query that fails or runs into its deadline says nothing good or bad. "
                   "Yesterday's values must not stand for today's.",
        },
    };
}

}  // namespace lastgood::table
