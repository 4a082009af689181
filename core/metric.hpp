// Defines what a metric is. Each metric is declared in a header of core/metrics/ with its name,
// subject and help; the exposition, the rules and docs/metrics.md are generated from these.
// Everything here is constant and safe to use from any thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace lastgood {

// What an observation is about. The kind's name is also the label that carries the subject's id.
enum class SubjectKind { host, drive, array, filesystem, data, backup, spool, probe, collector };
// The kinds whose subjects have an id, in display order.
inline constexpr std::array named_subject_kinds{
    SubjectKind::drive,  SubjectKind::array, SubjectKind::filesystem, SubjectKind::data,
    SubjectKind::backup, SubjectKind::spool, SubjectKind::probe,      SubjectKind::collector};
std::string_view to_string(SubjectKind kind);  // "drive"; metrics of the host carry no such label

std::optional<SubjectKind> parse_subject_kind(std::string_view text);  // nullopt: unknown word

enum class MetricType {
    gauge,
    counter,  // only grows; collectors may print increments, which the agent adds up and keeps
    info,     // always 1; the labels of all collectors for one subject are joined
    state,    // 1 for the current state, which a label names; other states are absent
};

enum class Memory {
    none,       // dropped when its collector stops printing it
    remembered  // the newest value survives failed reads and restarts
};

struct Metric;

// Where the growth of a health counter is reported: in `metric`, whose only label has the value
// `counter`.
struct Growth {
    const Metric* metric = nullptr;  // nullptr: not reported
    std::string_view counter = {};
};

struct Metric {
    std::string_view name;  // full name, "lastgood_drive_pending_sectors"
    SubjectKind subject;
    MetricType type;
    std::string_view labels = {};  // labels besides the subject's, comma-separated
    std::string_view help;         // one sentence with unit and source
    Memory memory = Memory::none;
    // What the agent derives from its memory. `recent`: for increments, how much came within
    // kernel_log.window. `growth`: for facts, how much they grew within drives.growth_window.
    const Metric* recent = nullptr;
    Growth growth = {};
    // Of a state metric: the label values (comma-separated) that mean the subject sleeps. The
    // collector did not wake it, so the agent keeps the previous values with their age.
    std::string_view asleep = {};
    // The value is the time of an action of lastgood. The agent never reports it as later than now,
    // even after the clock was set back.
    bool done_here = false;
    // Only the agent itself, or a reader of its report, tells it: no collector and no file of the
    // inbox may, lest one blames another or silences a finding.
    bool own = false;
};

// All metrics, in the order of the headers listed in core/meson.build. A metric is identified by
// its address. core/make_metric_table.sh generates the table at build time.
std::span<const Metric* const> all_metrics();
const Metric* find_metric(std::string_view name);  // nullptr: unknown name

}  // namespace lastgood
