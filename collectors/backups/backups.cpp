// Reports age, completeness and failure domain of each configured backup; one child for the backups
// of each filesystem.
#include "core/metrics/backups.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <iterator>
#include <new>
#include <set>
#include <thread>

#include "collectors/backups/doubt.hpp"
#include "collectors/backups/groups.hpp"
#include "collectors/backups/history.hpp"
#include "collectors/backups/hops.hpp"
#include "collectors/backups/job_proof.hpp"
#include "collectors/backups/late_streams.hpp"
#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/missed.hpp"
#include "collectors/backups/no_copies.hpp"
#include "collectors/backups/other_copies.hpp"
#include "collectors/backups/places.hpp"
#include "collectors/backups/plan.hpp"
#include "collectors/backups/proofs.hpp"
#include "collectors/backups/slots.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/backups/systemd.hpp"
#include "collectors/backups/unmounted_source.hpp"
#include "collectors/backups/wal.hpp"
#include "collectors/collector.hpp"
#include "core/config.hpp"
#include "core/ephemeral.hpp"
#include "core/metrics/backup_jobs.hpp"
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

// `job`: what is known of the unit that makes the copies.
Result<BackupState> look_at(const Context& context, const Backup& backup, LookMemory& memory,
                            const Result<BackupState>& job) {
    switch (backup.kind) {
        case BackupKind::files:
            return look_at_files(context.host, context.config, backup);
        case BackupKind::restic:
            return look_at_restic(context.host, backup, memory);
        case BackupKind::borg:
            return look_at_borg(context.host, backup, memory);
        case BackupKind::pgbackrest:
            return look_at_pgbackrest(context.host, backup, &memory);
        case BackupKind::rsnapshot:
            return look_at_rsnapshot(context.host, backup);
        case BackupKind::barman:
            return look_at_barman(context.host, backup);
        case BackupKind::duplicity:
            return look_at_duplicity(context.host, backup);
        case BackupKind::rdiff_backup:
            return look_at_rdiff_backup(context.host, backup, &memory);
        case BackupKind::dirvish:
            return look_at_dirvish(context.host, backup, &memory);
        case BackupKind::bup:
            return look_at_bup(context.host, backup);
        case BackupKind::mariabackup:
            return look_at_mariabackup(context.host, backup, &memory);
        case BackupKind::vzdump:
            return look_at_vzdump(context.host, backup);
        case BackupKind::proxmox_backup:
            return look_at_proxmox_backup(context.host, backup);
        case BackupKind::kopia:
            return look_at_kopia(context.host, backup);
        case BackupKind::btrbk:
            return look_at_btrbk(context.host, backup, memory);
        case BackupKind::snapper:
            return look_at_snapper(context.host, backup);
        case BackupKind::lvm:
            return look_at_lvm(context.host, backup);
        case BackupKind::stamp:
            return look_at_stamp(context.host, backup);
        case BackupKind::systemd:
            return job;
        case BackupKind::observed:
            return BackupState{};  // its values come from the inbox
    }
    return fail(ErrorKind::failed, "unknown kind of backup");
}

void note_job_problems(BackupState& state, const Result<BackupState>& job) {
    if (!job) state.problems.push_back(job.error());
    if (job) std::ranges::copy(job->problems, std::back_inserter(state.problems));
}

// Each user of the memory reads and writes it by itself, one after another.
Result<BackupState> look_and_remember(Context& context, const Topology& topology,
                                      const Backup& backup) {
    LookMemory memory(context.host, context.config.state_directory, backup.name);
    // First: the place of the copies may hang.
    auto job = Result<BackupState>(BackupState{});
    if (!backup.unit.empty()) {
        job = look_at_job(context, backup, memory);
        context.sink.flush();
    }
    auto state = look_at(context, backup, memory, job);
    if (state && job && backup.kind == BackupKind::files && state->problems.empty())
        believe_job(*state, *job, memory);
    if (state && backup.kind != BackupKind::systemd) note_job_problems(*state, job);
    if (state)
        if (auto same = check_same_filesystem(context.host, topology, memory, backup, *state);
            !same)
            state = Failure(same.error());
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

// "/srv, /home and 2 more"
std::string first_of(const std::vector<std::string>& paths) {
    constexpr size_t named = 3;
    std::string text;
    for (size_t i = 0; i < std::min(paths.size(), named); ++i)
        text += (i == 0 ? "" : ", ") + harmless(paths[i]);
    return paths.size() > named ? fmt::format("{} and {} more", text, paths.size() - named) : text;
}

// `days`: of a stream, on which it is due.
void observe_settings(Context& context, const Backup& backup, Timestamp now,
                      std::optional<Days> days = {}) {
    Sink& sink = context.sink;
    Labels labels{{"kind", std::string(to_string(backup.kind))}, {"location", backup.location}};
    if (!backup.unit.empty()) labels.emplace_back("unit", backup.unit);
    if (!backup.covers.empty()) labels.insert(labels.begin(), {"covers", first_of(backup.covers)});
    sink.observe(metric::backup_info, backup.name, 1, now, std::move(labels));
    if (!backup.copy_of.empty())
        sink.observe(metric::backup_copy_of, backup.name, 1, now, {{"original", backup.copy_of}});
    if (backup.max_lag)
        sink.observe(metric::backup_max_lag_seconds, backup.name, *backup.max_lag, now);
    if (backup.kind == BackupKind::observed)
        sink.observe(metric::backup_reported_by_others, backup.name, 1, now);
    if (backup.kind == BackupKind::systemd)
        sink.observe(metric::backup_known_by_job_only, backup.name, 1, now);
    if (days)
        observe_limits(context.host, sink, backup, now, *days);
    else
        observe_limits(context.host, sink, backup, now);
    if (backup.min_size)
        sink.observe(metric::backup_min_size_bytes, backup.name, *backup.min_size, now);
    if (backup.max_wal_age)
        sink.observe(metric::backup_max_wal_age_seconds, backup.name, *backup.max_wal_age, now);
}

// Of a hop, what was written when it arrived does not tell how old its content is: derive_hops().
const Metric& metric_of(const Backup& backup, const NewestCopy& newest) {
    const bool arrived =
        !backup.copy_of.empty() && newest.when_written && newest.confidence != Confidence::activity;
    return arrived ? metric::backup_arrived_timestamp_seconds
                   : metric::backup_newest_timestamp_seconds;
}

// The agent keeps 50 of a subject.
void tell_problems(Sink& sink, const Backup& backup, const std::vector<Error>& problems) {
    constexpr size_t most_problems = 50;
    for (size_t i = 0; i < std::min(problems.size(), most_problems - 1); ++i)
        sink.problem(backup.name, problems[i]);
    if (problems.size() == most_problems) sink.problem(backup.name, problems.back());
    if (problems.size() > most_problems)
        sink.problem(backup.name,
                     {problems.back().kind,
                      fmt::format("and {} more problems", problems.size() - most_problems + 1)});
}

void observe_state(Context& context, const Backup& backup, const BackupState& state,
                   Timestamp now) {
    Sink& sink = context.sink;
    for (const auto& newest : state.newest)
        sink.observe(metric_of(backup, newest), backup.name, newest.time, now,
                     {{"confidence", std::string(to_string(newest.confidence))}});
    const auto observe = [&](const Metric& metric, const auto& value) {
        if (value) sink.observe(metric, backup.name, static_cast<double>(*value), now);
    };
    observe(metric::backup_went_back_from_timestamp_seconds, state.went_back_from);
    observe(metric::backup_oldest_timestamp_seconds, state.oldest);
    observe(metric::backup_size_bytes, state.size);
    observe(metric::backup_count, state.count);
    // Without a copy there is none that could be complete.
    if (state.count != 0 || state.incomplete == true)
        observe(metric::backup_incomplete, state.incomplete);
    // The newest at least.
    if (state.incomplete == true && state.count == 0 && !state.incomplete_copies)
        sink.observe(metric::backup_incomplete_copies, backup.name, 1, now);
    observe(metric::backup_incomplete_copies, state.incomplete_copies);
    observe_broken(sink, backup, state, now);
    observe(metric::backup_whole_copies_lost, state.whole_copies_lost);
    if (state.unjudged > 0)
        sink.observe(metric::backup_unjudged_copies, backup.name, state.unjudged, now);
    // A stamp that is gone was touched once all the same: backup_stamp_missing tells it.
    if (backup.kind != BackupKind::stamp) observe(metric::backup_copies_gone, state.gone);
    observe(metric::backup_in_progress, state.in_progress);
    observe(metric::backup_wal_timestamp_seconds, state.newest_wal);
    observe(metric::backup_lock_timestamp_seconds, state.oldest_lock);
    tell_problems(sink, backup, state.problems);
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

// What earlier looks saw, as old as it is at least: that copy was there when it was made.
void observe_known_newest(Context& context, const LookMemory& memory, const Backup& backup,
                          const std::string& stream, Timestamp now) {
    const std::string subject = backup.name + (stream.empty() ? "" : "/" + stream);
    if (const auto newest = known_newest(memory, backup, stream))
        context.sink.observe(
            metric_of(backup, {*newest, Confidence::inferred, may_be_written_later(backup.kind)}),
            subject, *newest, std::min(*newest, now), {{"confidence", "inferred"}});
}

// Each stream is a backup with the limits of the whole. Its failure domain is that of the whole,
// and told once.
void observe_streams(Context& context, const LookMemory& memory, const Backup& whole,
                     const BackupState& state, Timestamp now) {
    if (state.streams.empty()) return;
    const auto unknown = slots_without_stream(whole.plan, state.streams);
    context.sink.observe(metric::backup_streams, whole.name,
                         static_cast<double>(state.streams.size() + unknown.size()), now);
    if (whole.plan.has_slots()) observe_slots(context.sink, whole, state.streams, unknown, now);
    for (const StreamState& stream : state.streams) {
        Backup one = whole;
        one.name = whole.name + "/" + stream.name;
        if (!stream.location.empty()) one.location = harmless(stream.location);
        const Days days = days_of(whole.plan, stream.name);
        observe_settings(context, one, now, days);
        if (whole.plan.has_slots())
            context.sink.observe(metric::backup_slots, one.name, std::popcount(days), now);
        if (stream.readable) {
            observe_state(context, one, stream.state, now);
        } else {
            observe_known_newest(context, memory, whole, stream.name, now);
            observe_broken(context.sink, one, stream.state, now);
        }
        if (state.gone) context.sink.observe(metric::backup_told_by_whole, one.name, 1, now);
        context.sink.observe(metric::backup_readable, one.name, stream.readable ? 1 : 0, now);
    }
    if (whole.plan.has_slots())
        observe_missed_slots(context.host, context.sink, whole, state.streams, now);
}

void observe_unreadable(Context& context, const LookMemory& memory, const Backup& whole,
                        Timestamp now) {
    observe_known_newest(context, memory, whole, "", now);
    if (whole.each == Streams::none) return;
    for (const StreamState& stream : remembered_streams(memory)) {
        Backup one = whole;
        one.name = whole.name + "/" + stream.name;
        one.location = stream.location;
        observe_settings(context, one, now, days_of(whole.plan, stream.name));
        context.sink.observe(metric::backup_readable, one.name, 0, now);
        context.sink.observe(metric::backup_told_by_whole, one.name, 1, now);
        observe_known_newest(context, memory, whole, stream.name, now);
    }
}

// Some records are damaged, and what is whole beside them is too old.
void observe_unjudged(Context& context, LookMemory& memory, const Backup& backup,
                      const BackupState& state, Timestamp now) {
    tell_problems(context.sink, backup, state.problems);
    observe_broken(context.sink, backup, state, now);
    observe_unreadable(context, memory, backup, now);
    if (const auto saved = memory.save(); !saved) context.sink.problem(backup.name, saved.error());
}

// Adds what earlier looks saw. `unmounted`: see doubt_copies_of_nothing().
void recall(const Context& context, const Topology& topology, LookMemory& memory,
            const Backup& backup, const std::string& unmounted, BackupState& state, Timestamp now) {
    if (backup.each != Streams::none || !state.streams.empty() ||
        !remembered_streams(memory).empty())
        recall_streams(memory, state, now);
    note_lost_copies(memory, state);
    note_gone(context.host, topology, memory, backup, state);
    doubt_copies_of_nothing(memory, backup, state, unmounted, now);
    note_newest(memory, backup, state, now);
}

// Why there may be no copy although the job works.
void observe_nothing(Context& context, const Backup& backup, const BackupState& state,
                     Timestamp now) {
    if (backup.kind == BackupKind::stamp)
        context.sink.observe(metric::backup_stamp_missing, backup.name, state.count == 0 ? 1 : 0,
                             now);
    if (const auto others = other_files(context.host, backup, state))
        context.sink.observe(metric::backup_other_files, backup.name, others->count, now,
                             {{"example", others->example}});
}

bool is_group(std::string_view subject) {
    return subject.starts_with('/');
}

// The backups that the subject names: one, also by one of its streams, those of a group, or all.
std::vector<const Backup*> chosen(const Context& context) {
    std::vector<std::string> names{std::string(whole_of(context.subject))};
    if (is_group(context.subject))
        for (SubjectGroup& group : backup_groups(context.host, context.config))
            if (group.name == context.subject) names = std::move(group.members);
    const std::set<std::string_view> wanted(names.begin(), names.end());
    std::vector<const Backup*> backups;
    for (const Backup& backup : context.config.backups)
        if (context.subject.empty() || wanted.contains(backup.name)) backups.push_back(&backup);
    return backups;
}

// What a hostile place takes of memory is its own fault, not that of the backups beside it.
Result<BackupState> look_within_memory(Context& context, const Topology& topology,
                                       const Backup& backup) {
    try {
        return look_and_remember(context, topology, backup);
    } catch (const std::bad_alloc&) {
        return fail(ErrorKind::failed,
                    fmt::format("{}: it takes more memory than lastgood uses", backup.location));
    }
}

std::optional<Error> look(Context& context, const Topology& topology, const Backup& backup,
                          const std::string& unmounted) {
    const Timestamp now = context.host.now();
    auto state = look_within_memory(context, topology, backup);
    // Read after the look, which may take long: a stream may have been forgotten meanwhile.
    LookMemory memory(context.host, context.config.state_directory, backup.name);
    if (const auto lost = memory.lost_at())
        context.sink.observe(metric::backup_state_lost_timestamp_seconds, backup.name, *lost, now);
    if (!state) {
        context.sink.observe(metric::backup_readable, backup.name, 0, now);
        context.sink.problem(backup.name, state.error());
        observe_unreadable(context, memory, backup, now);
        return state.error();
    }
    recall(context, topology, memory, backup, unmounted, *state, now);
    const bool judged =
        can_be_judged(memory, backup, *state, interval_of(context.host, backup, now), now);
    context.sink.observe(metric::backup_readable, backup.name, judged ? 1 : 0, now);
    if (!judged) {
        observe_unjudged(context, memory, backup, *state, now);
        return std::nullopt;
    }
    observe_nothing(context, backup, *state, now);
    drop_what_is_in_doubt(context, backup, *state, now);
    observe_state(context, backup, *state, now);
    observe_streams(context, memory, backup, *state, now);
    observe_history(context.host, context.sink, memory, backup, *state, now);
    if (const auto saved = memory.save(); !saved) context.sink.problem(backup.name, saved.error());
    return std::nullopt;
}

// What lies beside the copies, on filesystems that may hang.
void look_beside(Context& context, const Topology& topology, const Backup& backup) {
    const Timestamp now = context.host.now();
    if (!backup.plan.verified_stamp.empty() || !backup.plan.restored_stamp.empty()) {
        LookMemory memory(context.host, context.config.state_directory, backup.name);
        observe_proofs(context.host, context.sink, memory, backup, now);
        if (const auto saved = memory.save(); !saved)
            context.sink.problem(backup.name, saved.error());
    }
    if (!takes(row_of(backup.kind), "max_wal_age")) return;
    if (const auto since = oldest_waiting_wal(context.host, topology, backup.covers))
        context.sink.observe(metric::backup_wal_waiting_timestamp_seconds, backup.name, *since,
                             now);
}

std::optional<Error> observe(Context& context, Surroundings& around, const Backup& backup) {
    const Timestamp now = context.host.now();
    observe_settings(context, backup, now);
    observe_agreements(context.sink, backup, now);
    const std::string unmounted = observe_places(context, around, backup, now);
    context.sink.flush();
    auto error = look(context, around.topology, backup, unmounted);
    look_beside(context, around.topology, backup);
    return error;
}

// An unreadable backup must not hide the others: what was read of one is handed on before the look
// at the next. Returns the first error.
std::optional<Error> look_at_all(Context& context, const std::vector<const Backup*>& backups) {
    auto read = Topology::read(context.host, context.config.loop_devices);
    // One that knows no mount: where copies lie is unknown.
    const Topology topology = read ? std::move(*read) : Topology();
    OtherCopies others(context.host, topology, context.config.backups);
    Surroundings around{topology, read_fstab(context.host, topology),
                        ephemeral_drives(context.host, topology), others};
    const bool one_by_one = is_group(context.subject);
    LookOrder order(context.host, context.config.runtime_directory,
                    one_by_one ? context.subject : "");
    std::optional<Error> first_error;
    for (const Backup* backup : order.sorted(backups)) {
        order.begin(backup->name);
        const auto error = observe(context, around, *backup);
        order.end(backup->name);
        if (error && !first_error) first_error = error;
        if (one_by_one) context.sink.commit("");
    }
    if (!one_by_one || backups.empty()) context.sink.commit("");
    return first_error;
}

// Whether a hop is fresh shows only with what derive_hops() says of its newest copy.
void derive(const Knowledge& knowledge, Sink& sink) {
    const auto& known = knowledge.observations;
    KnownBackups backups;
    note_backups(known, backups);
    MemorySink hops;
    derive_hops(backups, knowledge.now, hops);
    note_backups(hops.observations, backups);
    if (std::ranges::find(known, &metric::backup_also_in, &Observation::metric) != known.end()) {
        auto of_backups = hops.observations;
        std::ranges::copy_if(known, std::back_inserter(of_backups), [](const Observation& one) {
            return one.metric->subject == SubjectKind::backup;
        });
        derive_copied_elsewhere({of_backups, knowledge.first_seen, knowledge.now}, sink);
    }
    derive_missed_nights(backups, knowledge.now, sink);
    derive_late_streams(backups, knowledge.now, sink);
    for (Observation& one : hops.observations) sink.add(std::move(one));
}

Result<void> run(Context& context);

}  // namespace

extern const Collector backups_collector;
const Collector backups_collector = {
    .name = "backups",
    .summary = "Age, size and completeness of the backups that the configuration names",
    .kind = CollectorKind::stream,
    .interval = 60,
    .deadline = 60,
    .run = run,
    .groups = backup_groups,
    .answering = &metric::backup_readable,
    .derive = derive,
};

namespace {

Result<void> run(Context& context) {
    if (!context.subject.empty() && !is_group(context.subject) && chosen(context).empty())
        return fail(ErrorKind::absent,
                    fmt::format("there is no backup \"{}\" in the configuration", context.subject));
    for (;;) {
        const Seconds started = context.host.monotonic();
        const auto error = look_at_all(context, chosen(context));
        // Each backup of a group has its own word on it; by hand, the exit status tells.
        if (error && !is_group(context.subject)) return Failure(*error);
        if (context.once || context.host.recorded() || !is_group(context.subject)) return {};
        const Seconds left =
            started + interval_of(context.config, backups_collector) - context.host.monotonic();
        std::this_thread::sleep_for(std::chrono::duration<double>(std::max(left, 0.1)));
    }
}

}  // namespace

}  // namespace lastgood
