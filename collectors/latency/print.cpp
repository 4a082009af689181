// What the watch prints: latencies, queues, and the verdicts of the judges.
#include <fmt/core.h>

#include "collectors/latency/watch.hpp"
#include "core/metrics/latency.hpp"

namespace lastgood {

namespace {

struct Quantile {
    double share;
    const char* label;
};
constexpr std::array quantiles{Quantile{0.5, "50"}, Quantile{0.9, "90"}, Quantile{0.99, "99"}};

constexpr const char* word(Direction direction) {
    return direction == Direction::read ? "read" : "write";
}

}  // namespace

void LatencyWatch::print(Sink& sink, Timestamp now) {
    if (pressure_) {
        sink.observe(metric::io_pressure_seconds_total, "", pressure_->some, now,
                     {{"tasks", "some"}});
        sink.observe(metric::io_pressure_seconds_total, "", pressure_->full, now,
                     {{"tasks", "all"}});
    }
    for (const auto& [id, drive] : drives_)
        if (drive.seen) print_drive(sink, drive, now);
    for (const WatchedGroup& group : groups_)
        for (size_t i = 0; i < group.group.members.size(); ++i) print_pace(sink, group, i, now);
}

void LatencyWatch::print_drive(Sink& sink, const WatchedDrive& drive, Timestamp now) const {
    const std::string& id = drive.drive.id;
    for (const Operation operation : all_operations) {
        const LatencyHistogram histogram = drive.meter.latency(operation);
        for (const Quantile& quantile : quantiles)
            if (const auto latency = histogram.quantile(quantile.share))
                sink.observe(metric::drive_io_latency_seconds, id, *latency, now,
                             {{"operation", std::string(to_string(operation))},
                              {"percentile", quantile.label}});
    }
    if (const auto busy = drive.meter.busy_ratio())
        sink.observe(metric::drive_io_busy_ratio, id, *busy, now);
    if (const auto queue = drive.meter.queue())
        sink.observe(metric::drive_io_queue_requests, id, *queue, now);
    if (!drive.meter.busy_ratio()) return;  // one sample does not show whether requests complete
    sink.observe(metric::drive_io_waiting_seconds, id, drive.reads_wait, now,
                 {{"operation", "read"}});
    sink.observe(metric::drive_io_waiting_seconds, id, drive.writes_wait, now,
                 {{"operation", "write"}});
    const auto slow = drive.slow_writes.verdict();
    sink.observe(metric::drive_slow_write_seconds, id, slow ? slow->latency : 0, now,
                 {{"tasks", slow && slow->tasks_waited ? "waited" : "ran"}});
}

void LatencyWatch::print_pace(Sink& sink, const WatchedGroup& group, size_t member,
                              Timestamp now) const {
    const std::string& id = group.group.members[member].id;
    const PaceVerdict verdict = group.judge.verdict(member);
    sink.observe(metric::drive_pace, id, 1, now,
                 {{"pace", std::string(to_string(verdict.pace))},
                  {"reason", std::string(to_string(verdict.reason))}});
    for (const Direction direction : both_directions)
        if (const auto judged = group.judge.judged(member, direction)) {
            sink.observe(metric::drive_judged_latency_seconds, id, judged->latency, now,
                         {{"of", "drive"}, {"operation", word(direction)}});
            sink.observe(metric::drive_judged_latency_seconds, id, judged->compared_with, now,
                         {{"of", "usual"}, {"operation", word(direction)}});
        }
    if (verdict.pace != Pace::noted && verdict.pace != Pace::slow) return;
    sink.observe(metric::drive_slow_ratio, id, verdict.ratio(), now,
                 {{"against", verdict.siblings > 0 ? group.group.others : "on other days"},
                  {"operation", word(verdict.direction)},
                  {"pace", std::string(to_string(verdict.pace))}});
}

}  // namespace lastgood
