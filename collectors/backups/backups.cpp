// Reports age, completeness and failure domain of each configured backup; one child for each
// backup.
#include "core/metrics/backups.hpp"

#include <fmt/format.h>

#include "collectors/backups/history.hpp"
#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/plan.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/collector.hpp"
#include "core/config.hpp"
#include "core/utf8.hpp"

namespace lastgood {

std::string_view to_string(Confidence confidence) {
    switch (confidence) {
        case Confidence::exact:
            return "exact";
        case Confidence::inferred:
            return "inferred";
        case Confidence::activity:
            return "activity";
    }
    return "activity";
}

namespace {

Result<BackupState> look_at(const Context& context, const Backup& backup, LookMemory& memory) {
    switch (backup.kind) {
        case BackupKind::files:
            return look_at_files(context.host, context.config, backup);
        case BackupKind::restic:
            return look_at_restic(context.host, backup, memory);
        case BackupKind::borg:
            return look_at_borg(context.host, backup, memory);
        case BackupKind::pgbackrest:
            return look_at_pgbackrest(context.host, backup);
        case BackupKind::rsnapshot:
            return look_at_rsnapshot(context.host, backup);
        case BackupKind::barman:
            return look_at_barman(context.host, backup);
        case BackupKind::duplicity:
            return look_at_duplicity(context.host, backup);
        case BackupKind::rdiff_backup:
            return look_at_rdiff_backup(context.host, backup);
        case BackupKind::dirvish:
            return look_at_dirvish(context.host, backup);
        case BackupKind::bup:
            return look_at_bup(context.host, backup);
        case BackupKind::mariabackup:
            return look_at_mariabackup(context.host, backup);
        case BackupKind::vzdump:
            return look_at_vzdump(context.host, backup);
        case BackupKind::proxmox_backup:
            return look_at_proxmox_backup(context.host, backup);
        case BackupKind::kopia:
            return look_at_kopia(context.host, backup);
        case BackupKind::stamp:
            return look_at_stamp(context.host, backup);
        case BackupKind::observed:
            return BackupState{};  // its values come from the inbox
    }
    return fail(ErrorKind::failed, "unknown kind of backup");
}

// Each user of the memory reads and writes it by itself, one after another.
Result<BackupState> look_and_remember(const Context& context, const Backup& backup) {
    LookMemory memory(context.host, context.config.state_directory, backup.name);
    auto state = look_at(context, backup, memory);
    if (const auto saved = memory.save(); state && !saved)
        state->problems.push_back(
            {saved.error().kind,
             fmt::format("{}; what changes from one look to the next cannot be told",
                         saved.error().message)});
    return state;
}

// A newer copy that may be a backup: neither fresh nor too old can be said.
void drop_what_is_in_doubt(const Context& context, const Backup& backup, BackupState& state,
                           Timestamp now) {
    if (!state.perhaps) return;
    const Seconds limit = interval_of(context.host, backup, now);
    if (now - *state.perhaps > limit) return;
    std::erase_if(state.newest, [&](const NewestCopy& one) {
        return one.confidence != Confidence::activity && now - one.time > limit;
    });
}

void observe_settings(Context& context, const Backup& backup, Timestamp now) {
    Sink& sink = context.sink;
    sink.observe(metric::backup_info, backup.name, 1, now,
                 {{"kind", std::string(to_string(backup.kind))}, {"location", backup.location}});
    if (backup.kind == BackupKind::observed)
        sink.observe(metric::backup_reported_by_others, backup.name, 1, now);
    observe_limits(context.host, sink, backup, now);
    if (backup.min_size)
        sink.observe(metric::backup_min_size_bytes, backup.name, *backup.min_size, now);
}

void observe_domain(Context& context, const std::optional<Topology>& topology, const Backup& backup,
                    Timestamp now) {
    const auto domain = topology ? failure_domain(context.host, *topology, backup) : std::nullopt;
    if (domain)
        context.sink.observe(metric::backup_failure_domain, backup.name, 1, now,
                             {{"domain", std::string(to_string(*domain))}});
}

void observe_state(Context& context, const Backup& backup, const BackupState& state,
                   Timestamp now) {
    Sink& sink = context.sink;
    for (const auto& newest : state.newest)
        sink.observe(metric::backup_newest_timestamp_seconds, backup.name, newest.time, now,
                     {{"confidence", std::string(to_string(newest.confidence))}});
    const auto observe = [&](const Metric& metric, const auto& value) {
        if (value) sink.observe(metric, backup.name, static_cast<double>(*value), now);
    };
    observe(metric::backup_went_back_from_timestamp_seconds, state.went_back_from);
    observe(metric::backup_oldest_timestamp_seconds, state.oldest);
    observe(metric::backup_size_bytes, state.size);
    observe(metric::backup_count, state.count);
    observe(metric::backup_incomplete, state.incomplete);
    observe(metric::backup_incomplete_copies, state.incomplete_copies);
    observe(metric::backup_whole_copies_lost, state.whole_copies_lost);
    observe(metric::backup_in_progress, state.in_progress);
    observe(metric::backup_lock_timestamp_seconds, state.oldest_lock);
    for (const auto& problem : state.problems) sink.problem(backup.name, problem);
    if (backup.min_size && !state.size && state.count.value_or(1) > 0 &&
        !row_of(backup.kind).has_size)
        sink.problem(backup.name,
                     {ErrorKind::absent,
                      backup.kind == BackupKind::stamp
                          ? std::string("min_size is set, but a stamp file does not tell the size "
                                        "of a backup; remove min_size")
                          : fmt::format("min_size is set, but the size of one {} backup cannot be "
                                        "read without its password; remove min_size",
                                        to_string(backup.kind))});
}

// Each stream is a backup with the limits of the whole. Its failure domain is that of the whole,
// and told once.
void observe_streams(Context& context, const Backup& whole, const BackupState& state,
                     Timestamp now) {
    if (state.streams.empty()) return;
    context.sink.observe(metric::backup_streams, whole.name,
                         static_cast<double>(state.streams.size()), now);
    for (const StreamState& stream : state.streams) {
        Backup one = whole;
        one.name = whole.name + "/" + stream.name;
        if (!stream.location.empty()) one.location = harmless(stream.location);
        observe_settings(context, one, now);
        observe_state(context, one, stream.state, now);
        context.sink.observe(metric::backup_readable, one.name, stream.readable ? 1 : 0, now);
    }
}

void observe_past(Context& context, const Backup& backup, const BackupState& state, Timestamp now) {
    LookMemory memory(context.host, context.config.state_directory, backup.name);
    observe_history(context.host, context.sink, memory, backup, state, now);
    if (const auto saved = memory.save(); !saved) context.sink.problem(backup.name, saved.error());
}

void observe_unreadable_streams(Context& context, const Backup& whole, Timestamp now) {
    if (whole.each == Streams::none) return;
    for (const StreamState& stream : remembered_streams(context.host, context.config, whole.name)) {
        Backup one = whole;
        one.name = whole.name + "/" + stream.name;
        one.location = stream.location;
        observe_settings(context, one, now);
        context.sink.observe(metric::backup_readable, one.name, 0, now);
    }
}

// Adds what earlier looks saw.
void recall(const Context& context, const Backup& backup, BackupState& state, Timestamp now) {
    if (backup.each != Streams::none || !state.streams.empty())
        recall_streams(context.host, context.config, backup.name, state);
    note_lost_copies(context.host, context.config, backup.name, state);
    LookMemory memory(context.host, context.config.state_directory, backup.name);
    note_newest(memory, backup, state, now);
    static_cast<void>(memory.save());  // observe_past() tells what keeps it from being written
}

Result<void> run(Context& context) {
    bool known = context.subject.empty();
    // A stream is seen with its backup.
    const std::string wanted = context.subject.substr(0, context.subject.find('/'));
    std::optional<Error> first_error;
    std::optional<Topology> topology;  // read once for all backups, if one needs it
    for (const auto& backup : context.config.backups) {
        if (!wanted.empty() && backup.name != wanted) continue;
        known = true;
        const Timestamp now = context.host.now();
        if (!topology && !backup.covers.empty()) {
            auto read = Topology::read(context.host, context.config.loop_devices);
            topology = read ? std::move(*read) : Topology();  // knows no mount: domains are unknown
        }
        observe_settings(context, backup, now);
        observe_agreements(context.host, context.sink, backup, now);
        observe_domain(context, topology, backup, now);
        auto state = look_and_remember(context, backup);
        if (!state) observe_unreadable_streams(context, backup, now);
        if (state) {
            recall(context, backup, *state, now);
            drop_what_is_in_doubt(context, backup, *state, now);
            observe_state(context, backup, *state, now);
            observe_streams(context, backup, *state, now);
            observe_past(context, backup, *state, now);
        } else if (context.subject.empty()) {
            // `lastgood collect backups` reads all: an unreadable one must not hide the others.
            context.sink.observe(metric::backup_readable, backup.name, 0, now);
            context.sink.problem(backup.name, state.error());
            if (!first_error) first_error = state.error();
        } else {
            return Failure(state.error());
        }
        if (state && context.subject.empty())
            context.sink.observe(metric::backup_readable, backup.name, 1, now);
    }
    if (!known)
        return fail(ErrorKind::absent,
                    fmt::format("there is no backup \"{}\" in the configuration", context.subject));
    if (first_error) return Failure(*first_error);
    return {};
}

std::vector<std::string> subjects(const Host& host, const Config& config) {
    std::vector<std::string> names;
    for (const auto& backup : config.backups) names.push_back(backup.name);
    return names;
}

}  // namespace

extern const Collector backups_collector;
const Collector backups_collector = {
    .name = "backups",
    .summary = "Age, size and completeness of the backups that the configuration names",
    .kind = CollectorKind::poll,
    .interval = 60,
    .deadline = 60,
    .run = run,
    .subjects = subjects,
    .answering = &metric::backup_readable,
};

}  // namespace lastgood
