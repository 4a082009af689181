#include "collectors/latency/parse/diskstats.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t counters_limit = 17;  // after major, minor and name
// Summed over the requests of one interval. More than 24 days is a sum that went backwards.
constexpr Seconds longest_time = 0x7fffffff / 1000.0;

std::optional<uint64_t> take_counter(std::string_view& text) {
    text = trim_start(text);
    auto number = take_number<uint64_t>(text);
    if (number && !text.empty() && !is_space(text.front())) return std::nullopt;
    return number;
}

DiskCounters counters_of(const std::array<uint64_t, counters_limit>& fields, size_t count) {
    const auto milliseconds = [&](size_t i) { return static_cast<uint32_t>(fields[i]); };
    DiskCounters counters;
    counters.operations[0] = {fields[0], fields[2], milliseconds(3)};
    counters.operations[1] = {fields[4], fields[6], milliseconds(7)};
    counters.operations[2] = {fields[11], fields[13], milliseconds(14)};
    counters.operations[3] = {fields[15], 0, milliseconds(16)};
    counters.in_flight = fields[8];
    counters.busy_time = milliseconds(9);
    counters.queue_time = milliseconds(10);
    counters.has_discards = count >= 15;
    counters.has_flushes = count >= 17;
    return counters;
}

// Unsigned, so that a wrap does no harm.
Seconds seconds_between(uint32_t before, uint32_t after) {
    return static_cast<double>(static_cast<uint32_t>(after - before)) / 1000;
}

}  // namespace

std::string_view to_string(Operation operation) {
    switch (operation) {
        case Operation::read:
            return "read";
        case Operation::write:
            return "write";
        case Operation::discard:
            return "discard";
        case Operation::flush:
            return "flush";
    }
    return "";
}

std::optional<DiskLine> parse_diskstats_line(std::string_view line) {
    if (!take_counter(line) || !take_counter(line)) return std::nullopt;
    line = trim_start(line);
    const std::string_view device = line.substr(0, line.find(' '));
    if (device.empty()) return std::nullopt;
    line.remove_prefix(device.size());
    std::array<uint64_t, counters_limit> fields{};
    size_t count = 0;
    for (; count < counters_limit; ++count) {
        if (trim_start(line).empty()) break;
        const auto number = take_counter(line);
        if (!number) return std::nullopt;
        fields[count] = *number;
    }
    if (count != 11 && count != 15 && count != 17) return std::nullopt;
    return DiskLine{device, counters_of(fields, count)};
}

std::optional<DiskWork> work_between(const DiskCounters& before, const DiskCounters& after) {
    DiskWork work;
    for (size_t i = 0; i < all_operations.size(); ++i) {
        const OperationCounters &old = before.operations[i], &now = after.operations[i];
        if (now.done < old.done || now.sectors < old.sectors) return std::nullopt;
        if (seconds_between(old.time, now.time) > longest_time) return std::nullopt;
        work.parts[i] = {static_cast<double>(now.done - old.done),
                         static_cast<double>(now.sectors - old.sectors),
                         seconds_between(old.time, now.time)};
    }
    work.busy = seconds_between(before.busy_time, after.busy_time);
    work.queue = seconds_between(before.queue_time, after.queue_time);
    return work;
}

std::optional<InFlight> parse_inflight(std::string_view text) {
    const auto reads = take_counter(text);
    const auto writes = take_counter(text);
    if (!reads || !writes || !trim_start(text).empty()) return std::nullopt;
    return InFlight{*reads, *writes};
}

}  // namespace lastgood
