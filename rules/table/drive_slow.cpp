// Rules on slow drives: nothing is lost yet.
#include "core/metrics/drives.hpp"
#include "core/metrics/latency.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

Rule slow(std::string_view name, Severity severity, std::string_view pace, std::string_view summary,
          std::string_view advice, std::string_view why) {
    const Operand ratio(metric::drive_slow_ratio, "pace", {pace});
    return {.name = name,
            .severity = severity,
            .subject = SubjectKind::drive,
            .all_of = {above(ratio, 1)},
            .summary = summary,
            .advice = advice,
            .also = {"operation", "against"},
            .also_of = ratio,
            .why = why};
}

// `tasks`: whether all tasks of the host waited (metric::drive_slow_write_seconds).
Rule slow_writes(std::string_view name, Severity severity, std::string_view tasks,
                 std::string_view summary, std::string_view why) {
    return {.name = name,
            .severity = severity,
            .subject = SubjectKind::drive,
            .all_of = {at_least(Operand(metric::drive_slow_write_seconds, "tasks", {tasks}), 1),
                       unless(at_least(metric::drive_io_stalled_seconds, 30))},
            .summary = summary,
            .advice =
                "See which programs wait for a drive: ps -eo pid,stat,wchan:32,args\n"
                "See whether the kernel resets it: journalctl -k -g {device}\n"
                "Check its cable and controller, or the storage behind a virtual drive.\n"
                "See how quick it is usually: lastgood status {name}",
            .why = why};
}

}  // namespace

std::vector<Rule> drive_slow_rules() {
    return {
        slow("drive_slow", Severity::warning, "slow",
             "Drive {subject}: {operation|request}s are {value} times slower than {against|on "
             "others}.",
             "See since when, and its latencies: lastgood status {name}\n"
             "See whether its cable or the drive has errors: smartctl -x /dev/{device}\n"
             "Check that a fresh backup holds its data: lastgood status\n"
             "Plan to replace it (serial {serial|unknown}).",
             "Its array runs at its pace. It was slow beside siblings that did at least as much "
             "work, for longer than such runs last on this host, and for 45 minutes at least. "
             "docs/slow-drives.md has the method and its measured errors."),
        slow("drive_slow_lately", Severity::unknown, "noted",
             "Drive {subject}: {operation|request}s are {value} times slower than {against|on "
             "others}.",
             "Wait, for it may pass. If it lasts, it becomes a warning.\n"
             "See which programs wait for a drive: ps -eo pid,stat,wchan:32,args\n"
             "See its latencies: lastgood status {name}",
             "After 20 minutes a load that meets one drive looks the same as a fault."),
        slow_writes(
            "writes_take_seconds", Severity::warning, "ran",
            "Drive {subject}: each write takes {value:duration}.",
            "Three samples within 5 minutes: a write waited for 5 s and none ended, or those "
            "that ended took 2 s in the mean without a long queue."),
        slow_writes("writes_take_seconds_and_stall", Severity::critical, "waited",
                    "Drive {subject}: writes take {value:duration}, programs stand still.",
                    "As writes_take_seconds, and the kernel's pressure (/proc/pressure/io) says "
                    "that all tasks stood still for more than 10 s of these 5 minutes."),
    };
}

}  // namespace lastgood::table
