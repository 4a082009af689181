// What a collector is. Each is one file that defines one `const Collector`; collectors/meson.build
// lists their names.
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
    std::string subject;  // of a collector with `subjects`: the one to look at; empty: all
    std::string cursor;   // of a stream: what its last commit() saved; empty at first
    bool once = false;    // a stream prints what there is now, commits, and returns
};

enum class CollectorKind {
    poll,    // prints and returns; run again after `interval`
    stream,  // prints a batch, commits, waits for an event, and so on; returns only when its source
             // is gone
};

// What the agent knows beside what one run printed.
struct Knowledge {
    const std::vector<Observation>& observations;  // the newest of all collectors, and remembered
    // When a subject was first in an inventory; nullopt: never.
    std::function<std::optional<Timestamp>(SubjectKind kind, const std::string& subject)>
        first_seen;
    Timestamp now = 0;
};

struct Collector {
    std::string_view name;
    std::string_view summary;  // one line for `lastgood collect --help`
    CollectorKind kind = CollectorKind::poll;
    Seconds interval =
        60;  // between the starts of two polls; of a stream: at most this long between two commits
    Seconds deadline = 30;  // a poll that takes longer is killed; a stream that has not committed
                            // for interval + deadline is, too
    // What it prints is about these; Error means that nothing could be read at all (what was
    // printed before still counts).
    Result<void> (*run)(Context& context) = nullptr;
    // One child per subject, side by side; nullptr: one child for everything. Cheap and never
    // blocking: it is called in the agent.
    std::vector<std::string> (*subjects)(const Host& host, const Config& config) = nullptr;
    // 1 or 0 for each subject: whether its child succeeded. nullptr: none.
    const Metric* answering = nullptr;
    // Whether a subject only leads to others, as a RAID controller does: `answering` tells of it
    // only while it fails. nullptr: none does.
    bool (*leads_to_others)(std::string_view subject) = nullptr;
    // The collector lists all subjects of a kind: it prints this metric, with 1, for each that is
    // here. For one that was here and is not printed any more, the agent adds 0 until `lastgood
    // forget`. When the list changes, `subjects` of every collector is called again.
    const Metric* inventory = nullptr;
    // Whether the subject that has these labels in its info metric may go without being missed, as
    // a USB stick does. nullptr: none may.
    bool (*comes_and_goes)(const Labels& info) = nullptr;
    // Adds what takes more knowledge than one run has. Called in the agent for every report.
    void (*derive)(const Knowledge& knowledge, Sink& sink) = nullptr;
};

std::span<const Collector* const> all_collectors();
const Collector* find_collector(std::string_view name);
// The collector whose `inventory` it is; nullptr: it is no inventory.
const Collector* find_inventory(const Metric& metric);
// The collector that lists the subjects of a kind; nullptr: nobody does.
const Collector* find_inventory(SubjectKind kind);

}  // namespace lastgood
