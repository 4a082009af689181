// The interface of a collector. Each collector is one file that defines one `const Collector`; the
// meson.build of its room adds its name to the list.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/host.hpp"
#include "core/observation.hpp"

namespace lastgood {

struct Context {
    const Host& host;
    const Config& config;
    Sink& sink;
    std::string subject;  // collector with `subjects`: the subject to read; empty: all
    std::string cursor;   // stream: what its last commit() saved; empty at first
    bool once = false;    // a stream prints what there is now, commits, and returns
};

// Subjects that one child reads together, because what hangs would hang all of them.
struct SubjectGroup {
    std::string name;  // the child's Context::subject; never the name of a subject
    std::vector<std::string> members;
};

enum class CollectorKind {
    poll,    // prints and returns; run again after `interval`
    stream,  // in a loop: prints a batch, commits, waits for an event; returns only when its source
             // is gone
};

// What the agent knows beyond the output of one run.
struct Knowledge {
    // The newest of every collector, and those remembered from earlier runs.
    const std::vector<Observation>& observations;
    // When a subject was first in an inventory; nullopt: never.
    std::function<std::optional<Timestamp>(SubjectKind kind, const std::string& subject)>
        first_seen;
    Timestamp now = 0;
};

struct Collector {
    std::string_view name;
    std::string_view summary;  // one line for `lastgood collect --help`
    CollectorKind kind = CollectorKind::poll;
    // Poll: between the starts of two runs. Stream: longest time between two commits.
    Seconds interval = 60;
    // A poll that takes longer is killed. A stream is killed if it has not committed for interval +
    // deadline.
    Seconds deadline = 30;
    // Runs in a child process and may block. An Error means that nothing could be read at all; what
    // it printed before the Error still counts.
    Result<void> (*run)(Context& context) = nullptr;
    // The agent starts one child process for each subject, in parallel; nullptr: one child for
    // everything. Called in the agent, so it must be cheap and must not block.
    std::vector<std::string> (*subjects)(const Host& host, const Config& config) = nullptr;
    // Instead of `subjects`: one child process for each group. Called in the agent, as `subjects`.
    std::vector<SubjectGroup> (*groups)(const Host& host, const Config& config) = nullptr;
    // The agent sets this metric for each subject: 1 if its child succeeded, else 0. Of a group, it
    // sets 0 for the members that the last run did not print it for. nullptr: none.
    const Metric* answering = nullptr;
    // Whether a subject only gives access to others, as a RAID controller does: the agent then sets
    // `answering` only while it fails. nullptr: no subject does.
    bool (*leads_to_others)(std::string_view subject) = nullptr;
    // Set if the collector lists all subjects of a kind: it prints this metric with value 1 for
    // each one present. The agent adds 0 for a missing one until `lastgood forget`. When the list
    // changes, the agent calls `subjects` of every collector again.
    const Metric* inventory = nullptr;
    // Whether the subject with these labels in its info metric may disappear without being reported
    // as missing, as a USB stick may. nullptr: none may.
    bool (*comes_and_goes)(const Labels& info) = nullptr;
    // Adds observations that need more than one run's output. Called in the agent for every report.
    void (*derive)(const Knowledge& knowledge, Sink& sink) = nullptr;
};

std::span<const Collector* const> all_collectors();
// The collector's interval, unless the configuration sets another.
Seconds interval_of(const Config& config, const Collector& collector);
// nullptr: there is no collector of that name.
const Collector* find_collector(std::string_view name);
// The collector with this `inventory`; nullptr: the metric is not an inventory.
const Collector* find_inventory(const Metric& metric);
// The collector that lists the subjects of a kind; nullptr: none does.
const Collector* find_inventory(SubjectKind kind);

}  // namespace lastgood
