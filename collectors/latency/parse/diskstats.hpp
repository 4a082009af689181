// Counters of block devices in /proc/diskstats. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

enum class Operation { read, write, discard, flush };
inline constexpr std::array all_operations{Operation::read, Operation::write, Operation::discard,
                                           Operation::flush};
std::string_view to_string(Operation operation);

// Of completed requests. A merged request counts once.
struct OperationCounters {
    uint64_t done = 0;
    uint64_t sectors = 0;  // of 512 bytes, whatever the drive's own size; 0 for flushes
    // Milliseconds, summed over requests: from the making of a request to its end, so waiting in
    // the queue counts. A request counts only when it has ended.
    uint32_t time = 0;
    bool operator==(const OperationCounters&) const = default;
};

// The fields of one line, after Linux 6.1 Documentation/admin-guide/iostats.rst and
// diskstats_show() in block/genhd.c. Milliseconds are `unsigned int` there and wrap after 49.7 days
// of summed time, hours on a busy drive.
struct DiskCounters {
    std::array<OperationCounters, all_operations.size()> operations{};
    uint64_t in_flight = 0;     // requests that were given to the driver and have not ended
    uint32_t busy_time = 0;     // milliseconds in which a request was in flight; since Linux 5.0 an
                                // estimate, to be compared only with that of others on this host
    uint32_t queue_time = 0;    // milliseconds, weighted with the requests in flight
    bool has_discards = false;  // since Linux 4.18; without them times are whole jiffies (< 4.19)
    bool has_flushes = false;   // since Linux 5.5, of whole disks only
    const OperationCounters& of(Operation operation) const {
        return operations[static_cast<size_t>(operation)];
    }
    bool operator==(const DiskCounters&) const = default;
};

struct DiskLine {
    std::string_view device;  // "sda", "md0"; a view into the text
    DiskCounters counters;
};
// One line without its newline, of 14, 18 or 20 columns; more are ignored. nullopt: anything else.
std::optional<DiskLine> parse_diskstats_line(std::string_view line);

// What happened between two samples.
struct DiskWork {
    struct Part {
        double count = 0;
        double sectors = 0;
        Seconds time = 0;
        Seconds mean() const { return count > 0 ? time / count : 0; }
    };
    std::array<Part, all_operations.size()> parts{};
    Seconds busy = 0;
    Seconds queue = 0;
    Part& of(Operation operation) { return parts[static_cast<size_t>(operation)]; }
    const Part& of(Operation operation) const { return parts[static_cast<size_t>(operation)]; }
};
// nullopt if a count went backwards (the device was replaced, or a count wrapped on a 32-bit
// kernel): nothing is known of the time between.
std::optional<DiskWork> work_between(const DiskCounters& before, const DiskCounters& after);

// /sys/block/X/inflight (Documentation/ABI/stable/sysfs-block): DiskCounters::in_flight in two.
struct InFlight {
    uint64_t reads = 0, writes = 0;
};
std::optional<InFlight> parse_inflight(std::string_view text);

}  // namespace lastgood
