// What a metric is. Each is defined in a header of core/metrics/: its name, what it is about, its
// help. The exposition, the rules and docs/metrics.md are made from that.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace lastgood {

// What an observation is about. The name of the kind is also the label that carries the subject's
// id.
enum class SubjectKind { host, drive, array, filesystem, backup, collector };
// Those whose subjects have an id, in the order in which lists show them.
inline constexpr std::array named_subject_kinds{SubjectKind::drive, SubjectKind::array,
                                                SubjectKind::filesystem, SubjectKind::backup,
                                                SubjectKind::collector};
std::string_view to_string(
    SubjectKind kind);  // "drive"; the host's own metrics carry no such label

std::optional<SubjectKind> parse_subject_kind(std::string_view text);  // nullopt: no such word

enum class MetricType {
    gauge,
    counter,  // only ever grows; a collector may print increments of it, which the agent adds up
              // and remembers
    info,     // always 1; several collectors' labels for one subject are joined
    state,    // 1 for the state that holds now, named by a label; the other states are absent
};
std::string_view to_string(MetricType type);

enum class Memory {
    none,       // gone when its collector no longer prints it
    remembered  // the newest value outlives failed reads and restarts
};

struct Metric;

// Where the growth of a health counter is told: under `counter`, a value of the only label of
// `metric`.
struct Growth {
    const Metric* metric = nullptr;  // nullptr: nowhere
    std::string_view counter = {};
};

struct Metric {
    std::string_view name;  // complete, "lastgood_drive_pending_sectors"
    SubjectKind subject;
    MetricType type;
    std::string_view labels = {};  // labels besides the subject, comma separated
    std::string_view help;         // one sentence with unit and source
    Memory memory = Memory::none;
    // The agent works these out from its memory, for a metric that collectors print as
    const Metric* recent = nullptr;  // increments: how much of it came within kernel_log.window
    Growth growth = {};              // facts: how much it grew within drives.growth_window
    // Of a state: the values of its only label, comma separated, which say that the subject sleeps.
    // Its collector did not wake it: the values of the run before stay, with their age.
    std::string_view asleep = {};
    // The value is a time at which lastgood did something: it is never later than now, also when
    // the clock was set back.
    bool done_here = false;
};

// Every metric of core/metrics/, in the order of the headers listed in core/meson.build. A metric
// is told by its address. The table is made at build time by core/make_metric_table.sh.
std::span<const Metric* const> all_metrics();
const Metric* find_metric(std::string_view name);  // nullptr: no such metric

}  // namespace lastgood
