// Drives that are failing, gone or stuck: act tonight.
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

// Shared by every rule that says "this drive is failing": the order matters more than the cause.
#define LASTGOOD_REPLACE_DRIVE                                                                   \
    "Check that the newest backup of what is on it is good (lastgood status) and copy off what " \
    "has none. Do not pull it before lastgood preflight {device} says GO. Then replace it, and " \
    "find it by its serial number {serial}, not by its name; in an md array mdadm /dev/mdN "     \
    "--replace OLD --with NEW keeps the redundancy meanwhile."

}  // namespace

std::vector<Rule> drive_failing_rules() {
    return {
        Rule{
            .name = "drive_failing_verdict",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_smart_passed, 0),
                       unless(present(metric::drive_critical_warning))},
            .summary = "Drive {subject} says of itself that it is failing (SMART verdict FAILED).",
            .advice = "Expect to lose it within a day. " LASTGOOD_REPLACE_DRIVE,
            .why = "The drive's maker sets the verdict to FAILED only when failure is near; it is "
                   "seldom set, and seldom wrong. An NVMe drive has no other verdict than its "
                   "critical warnings, one of which only says that it is hot: see "
                   "drive_failing_critical_warning and drive_suspect_temperature_warning.",
        },
        Rule{
            .name = "drive_failing_attribute",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(metric::drive_attributes_failing, 1)},
            .summary = "Drive {subject}: {value} pre-failure attribute(s) are at or below the "
                       "maker's threshold.",
            .advice = "smartctl -A /dev/{device} shows which: look for "
                      "FAILING_NOW. " LASTGOOD_REPLACE_DRIVE,
            .why = "A pre-failure attribute at its threshold is the maker's forecast of a failure "
                   "within 24 hours (ATA-3), even where the overall verdict still says PASSED.",
        },
        Rule{
            .name = "drive_failing_critical_warning",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(Operand(metric::drive_critical_warning, "warning",
                                        {"spare", "reliability", "read_only", "volatile_backup",
                                         "persistent_memory"}),
                                1)},
            .summary = "Drive {subject} has raised an NVMe critical warning.",
            .advice = "nvme smart-log -H /dev/{device} says which: spare used up, reliability "
                      "degraded, or read-only. If it is read-only, nothing more can be written: "
                      "move its data now. " LASTGOOD_REPLACE_DRIVE,
            .why = "NVMe Base Specification, SMART / Health Information: these bits say that data "
                   "is in danger. The temperature bit is a matter of "
                   "drive_suspect_temperature_warning.",
        },
        Rule{
            .name = "drive_failing_medium_errors",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(Operand(metric::drive_kernel_errors_recent, "kind", {"medium"}),
                                1)},
            .summary = "Drive {subject} could not read or write its own medium, at least {value} "
                       "time(s) in the last 24 hours (kernel log).",
            .advice = "What lay there is lost unless a mirror, parity or backup has it; more may "
                      "follow. journalctl -k -g {device} shows where. " LASTGOOD_REPLACE_DRIVE,
            .why = "After its first scan error a drive is 39 times likelier to fail within 60 days "
                   "(Google, FAST'07), and 36% of failing drives show nothing in SMART.",
        },
        Rule{
            .name = "drive_failing_hardware_errors",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(Operand(metric::drive_kernel_errors_recent, "kind", {"hardware"}),
                                1)},
            .summary = "Drive {subject} reported a fault of its own, at least {value} time(s) in "
                       "the last 24 hours (kernel log).",
            .advice = "journalctl -k -g {device} shows which. " LASTGOOD_REPLACE_DRIVE,
            .why =
                "SCSI sense \"Hardware Error\" and NVMe internal errors are the drive's own word "
                "that its electronics or mechanics fail.",
        },
        Rule{
            .name = "drive_failing_dropped",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(
                Operand(metric::drive_kernel_errors_recent, "kind", {"kicked", "uncorrected"}), 1)},
            .summary = "Drive {subject}: in the last 24 hours its array threw it out or could not "
                       "repair what it failed to read (kernel log).",
            .advice = "cat /proc/mdstat and journalctl -k -g {device} show what happened; btrfs "
                      "device stats for btrfs. " LASTGOOD_REPLACE_DRIVE,
            .why = "As drive_failing_kicked, from the kernel log: it tells even when the array is "
                   "gone, or has already rebuilt onto a spare.",
        },
        Rule{
            .name = "drive_failing_kicked",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {is(Operand(metric::array_member, "state", {"faulty"}), 1)},
            .summary = "Drive {subject} was thrown out of its array as faulty.",
            .advice = "cat /proc/mdstat shows the array: (F) marks this drive. Do not put it back "
                      "before you know why it was thrown out (journalctl -k -g "
                      "{device}). " LASTGOOD_REPLACE_DRIVE,
            .why = "md throws a member out when it cannot write to it or its reads cannot be "
                   "repaired.",
        },
        Rule{
            .name = "drive_failing_unreadable_sectors",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(metric::drive_pending_sectors, 100)},
            .summary = "Drive {subject} cannot read {value} of its sectors.",
            .advice = "Their contents are already lost on this drive. " LASTGOOD_REPLACE_DRIVE,
            .why = "\"PASSED\" with hundreds of pending sectors is common. From 2 on, 68% of such "
                   "drives fail within a year (Backblaze, attribute 197); with 100 data is being "
                   "lost now.",
        },
        Rule{
            .name = "drive_io_stalled",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {at_least(metric::drive_io_stalled_seconds, 30)},
            .summary = "Drive {subject} has completed no request for {value:duration}.",
            .advice = "Everything that needs it hangs. journalctl -k -g {device} shows whether the "
                      "kernel resets it. Check cable, backplane and controller, or the storage "
                      "behind a virtual drive. If it is in an array, mdadm /dev/mdN --fail "
                      "/dev/{device}PARTITION lets the rest go on, after lastgood preflight "
                      "{device} says GO.",
            .why = "30 s is the kernel's own patience with a request (SCSI and NVMe timeouts); a "
                   "drive that spins up needs less.",
        },
        Rule{
            .name = "drive_gone",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_present, 0),
                       unless(present(Operand(metric::drive_info, "transport", {"usb", "mmc"})))},
            .summary = "Drive {subject} was here and is gone.",
            .advice = "If nobody took it out, it fell off its bus: journalctl -k -b shows when. "
                      "Check power, cable and backplane before it is put back; look at its arrays "
                      "with cat /proc/mdstat, and do not restart the machine before its backups "
                      "are checked. If it was taken out on purpose: lastgood forget {device}.",
            .why = "A drive that vanishes has failed or lost its cable. Drives on USB and card "
                   "readers are meant to be unplugged: see drive_gone_removable.",
        },
        Rule{
            .name = "drive_gone_removable",
            .severity = Severity::warning,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_present, 0),
                       present(Operand(metric::drive_info, "transport", {"usb", "mmc"}))},
            .hold = 10 * minute,
            .summary = "Removable drive {subject} was here and is gone.",
            .advice = "If nobody unplugged it, check cable and power supply, and journalctl -k -b. "
                      "If it holds backups, plug it in again. If it is not to come back: "
                      "lastgood forget {device}.",
            .why = "USB bridges reset now and then; ten minutes leave time to plug in again.",
        },
        Rule{
            .name = "drive_not_answering",
            .severity = Severity::unknown,
            .subject = SubjectKind::drive,
            .all_of = {is(metric::drive_answering, 0)},
            .summary = "Drive {subject} does not answer when asked for its health.",
            .advice = "Its health is unknown, not fine. timeout 60 smartctl -x /dev/{device} shows "
                      "what it says; journalctl -k -g {device} whether it also fails to read. If "
                      "both hang, treat it as failing: check its backups, then lastgood preflight "
                      "{device}.",
            .why = "A health query that fails or runs into its deadline says nothing good or bad; "
                   "yesterday's values must not stand for today's.",
        },
    };
}

}  // namespace lastgood::table
