// What the collector of backups would observe of a simulated host.
#include <bit>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/plan.hpp"
#include "collectors/backups/slots.hpp"
#include "core/metrics/backups.hpp"
#include "tests/benchmarks/incidents/observe.hpp"

namespace lastgood::simulation {

namespace {

void observe_state(const Backup& backup, const BackupState& state, Timestamp clock, Sink& sink) {
    for (const NewestCopy& newest : state.newest)
        sink.observe(metric::backup_newest_timestamp_seconds, backup.name, newest.time, clock,
                     {{"confidence", std::string(to_string(newest.confidence))}});
    const auto observe = [&](const Metric& metric, const auto& value) {
        if (value) sink.observe(metric, backup.name, static_cast<double>(*value), clock);
    };
    observe(metric::backup_oldest_timestamp_seconds, state.oldest);
    observe(metric::backup_size_bytes, state.size);
    observe(metric::backup_count, state.count);
    if (state.count != 0 || state.incomplete == true)
        observe(metric::backup_incomplete, state.incomplete);
    observe(metric::backup_incomplete_copies, state.incomplete_copies);
    observe(metric::backup_whole_copies_lost, state.whole_copies_lost);
}

void observe_settings(const Backup& backup, Timestamp clock, Sink& sink) {
    sink.observe(metric::backup_info, backup.name, 1, clock,
                 {{"kind", std::string(to_string(backup.kind))}, {"location", backup.location}});
    if (!backup.copy_of.empty())
        sink.observe(metric::backup_copy_of, backup.name, 1, clock, {{"original", backup.copy_of}});
    if (backup.max_lag)
        sink.observe(metric::backup_max_lag_seconds, backup.name, *backup.max_lag, clock);
    if (backup.kind == BackupKind::observed)
        sink.observe(metric::backup_reported_by_others, backup.name, 1, clock);
}

void observe_streams(const SimulatedBackup& one, const Host& here, Timestamp clock, Sink& sink) {
    std::vector<StreamState> streams;
    for (const auto& [name, copies] : one.streams)
        streams.push_back({.name = name,
                           .location = "",
                           .state = state_of_copies(copies, Confidence::exact, clock),
                           .readable = one.readable});
    const Backup& whole = one.setting;
    const auto unknown = slots_without_stream(whole.plan, streams);
    sink.observe(metric::backup_streams, whole.name, static_cast<double>(streams.size()), clock);
    if (whole.plan.has_slots()) observe_slots(sink, whole, streams, unknown, clock);
    for (const StreamState& stream : streams) {
        Backup own = whole;
        own.name += "/" + stream.name;
        if (!own.copy_of.empty()) own.copy_of += "/" + stream.name;
        const Days days = days_of(whole.plan, stream.name);
        observe_settings(own, clock, sink);
        observe_limits(here, sink, own, clock, days);
        if (whole.plan.has_slots())
            sink.observe(metric::backup_slots, own.name, std::popcount(days), clock);
        observe_state(own, stream.state, clock, sink);
        sink.observe(metric::backup_readable, own.name, stream.readable ? 1 : 0, clock);
    }
    if (whole.plan.has_slots()) observe_missed_slots(here, sink, whole, streams, clock);
}

void observe_backup(const SimulatedBackup& one, const Host& here, Timestamp clock, Sink& sink) {
    const Backup& backup = one.setting;
    observe_settings(backup, clock, sink);
    observe_limits(here, sink, backup, clock);
    observe_agreements(sink, backup, clock);
    sink.observe(metric::backup_failure_domain, backup.name, 1, clock, {{"domain", one.domain}});
    sink.observe(metric::backup_readable, backup.name, one.readable ? 1 : 0, clock);
    if (backup.kind == BackupKind::observed) return;
    BackupState state = state_of_copies(one.copies, Confidence::exact, clock);
    if (one.whole_lost > 0) state.whole_copies_lost = one.whole_lost;
    if (!one.streams.empty()) {
        observe_streams(one, here, clock, sink);
        std::vector<StreamState> streams;
        for (const auto& [name, copies] : one.streams)
            streams.push_back({.name = name,
                               .location = "",
                               .state = state_of_copies(copies, Confidence::exact, clock)});
        state.streams = std::move(streams);
        summarise_streams(state);
    }
    observe_state(backup, state, clock, sink);
}

}  // namespace

void observe_backups(const World& world, const Host& here, Timestamp clock, Sink& sink) {
    for (const SimulatedBackup& one : world.backups)
        if (one.configured) observe_backup(one, here, clock, sink);
}

void observe_reports(const World& world, Timestamp clock, Sink& sink) {
    for (const SimulatedBackup& one : world.backups) {
        if (one.setting.kind != BackupKind::observed || !one.told || one.copies.empty()) continue;
        sink.observe(metric::backup_newest_timestamp_seconds, one.setting.name,
                     one.copies.back().time, clock, {{"confidence", "exact"}});
    }
}

}  // namespace lastgood::simulation
