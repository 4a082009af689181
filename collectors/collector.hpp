// What a collector is. Each is one file that defines one `const Collector`; collectors/meson.build
// lists their names.
#pragma once

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
};

std::span<const Collector* const> all_collectors();
const Collector* find_collector(std::string_view name);

}  // namespace lastgood
