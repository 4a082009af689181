// Every metric lastgood knows: its name, what it is about, its help. The one place that says so;
// the exposition, the rules and docs/metrics.md are made from it.
#pragma once

#include <span>
#include <string_view>

namespace lastgood {

// What an observation is about. The name of the kind is also the label that carries the subject's
// id.
enum class SubjectKind { host, drive, array, filesystem, backup, spool, collector };
std::string_view to_string(
    SubjectKind kind);  // "drive"; the host's own metrics carry no such label

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

struct Metric {
    std::string_view name;  // complete, "lastgood_drive_pending_sectors"
    SubjectKind subject;
    MetricType type;
    std::string_view labels;  // labels besides the subject, comma separated
    std::string_view help;    // one sentence with unit and source
    Memory memory = Memory::none;
};

std::span<const Metric* const> all_metrics();
const Metric* find_metric(std::string_view name);  // nullptr: no such metric

namespace metric {
#define LASTGOOD_METRIC(identifier, ...) extern const Metric identifier;
#include "core/metrics.inc"
#undef LASTGOOD_METRIC
}  // namespace metric

}  // namespace lastgood
