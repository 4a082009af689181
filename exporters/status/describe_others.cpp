// Filesystems, backups, collectors and the host.
#include <fmt/core.h>

#include <algorithm>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backup_faults.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

std::string named(std::string_view what, const std::string& name) {
    return name.empty() ? "" : fmt::format("{} {}", what, name);
}

std::string where(std::string_view domain) {
    if (domain == "same-filesystem") return "on the same filesystem as what it covers";
    if (domain == "same-drive") return "on the same drive as what it covers";
    if (domain == "same-host") return "on this host, on other drives than what it covers";
    if (domain == "off-host") return "on another host";
    if (domain == "unknown") return "not known";
    return harmless(domain);
}

void add_space(Description& filesystem) {
    const auto size = filesystem.take(metric::filesystem_size_bytes);
    const auto available = filesystem.take(metric::filesystem_available_bytes);
    const auto used = filesystem.take(metric::filesystem_used_ratio);
    const auto inodes = filesystem.take(metric::filesystem_inodes_used_ratio);
    const auto full = filesystem.take(metric::filesystem_full_at_timestamp_seconds);
    filesystem.row("space",
                   sentence_of({used ? percent_text(*used) +
                                           (size ? " of " + format_size(*size) + " used" : " used")
                                : size ? format_size(*size)
                                       : "",
                                available ? format_size(*available) + " left" : "",
                                inodes ? percent_text(*inodes) + " of its inodes used" : "",
                                full ? "at its growth it is full " + filesystem.ago(*full) : ""}));
    if (!size && !used) filesystem.unknown("space", "not known");
}

void add_condition(Description& filesystem) {
    const auto responding = filesystem.take(metric::filesystem_responding);
    const auto read_only = filesystem.take(metric::filesystem_read_only);
    const auto intended = filesystem.take(metric::filesystem_read_only_intended);
    const auto ephemeral = filesystem.take(metric::filesystem_ephemeral);
    const bool on_purpose = intended && *intended != 0;
    filesystem.row(
        "now",
        sentence_of({responding ? (*responding == 0 ? "does NOT ANSWER" : "answers") : "",
                     read_only    ? (*read_only == 0 ? "writable"
                                     : on_purpose    ? "read-only, as intended"
                                                     : "READ-ONLY, which nobody asked for")
                     : on_purpose ? "read-only is intended"
                     : intended   ? "meant to be writable"
                                  : "",
                     ephemeral ? (*ephemeral == 0
                                      ? "on a persistent disk"
                                      : "on a TEMPORARY disk, which is lost when the machine moves")
                               : ""}));
    const auto errors = filesystem.take(metric::filesystem_kernel_errors_total);
    const auto last = filesystem.take(metric::filesystem_last_error_timestamp_seconds);
    filesystem.row("errors",
                   sentence_of({errors ? (*errors == 0 ? std::string("none recorded on disk")
                                                       : counted(*errors, "error", "errors") +
                                                             " recorded on disk")
                                       : "",
                                last ? "the last " + filesystem.ago(*last) : ""}));
}

std::string copy_text(const Subject& backup, Timestamp now) {
    const Observation* newest = newest_copy(backup);
    if (newest == nullptr)
        return copy_state(backup, now) == CopyState::never ? "never made" : "newest copy unknown";
    return "newest copy " + short_age(now - newest->value) + " old";
}

// Why the collector does not ask for a backup (collectors/filesystems/filesystems.cpp).
std::string why_no_backup(const Subject& filesystem) {
    if (filesystem.first(metric::filesystem_backup_waived))
        return "not asked for: not_backed_up names it";
    if (filesystem.value(metric::filesystem_read_only_intended) == 1)
        return "not asked for: it is read-only on purpose";
    if (!filesystem.first(metric::filesystem_ephemeral))
        return "not asked for: it does not lie on a drive of this host";
    return "not asked for: it serves to boot, or it holds backups";
}

// " of /etc, /home"
std::string part_of(const Observation& backup) {
    const std::string part = harmless(backup.label("part"));
    return part.empty() ? "" : " of " + part;
}

// " (only /etc, /home)"
std::string covered_part(const Subject& filesystem, std::string_view backup) {
    for (const Observation* one : filesystem.observations)
        if (one->metric == &metric::filesystem_backup && one->label("backup") == backup &&
            !one->label("part").empty())
            return fmt::format(" (only {})", harmless(one->label("part")));
    return "";
}

void add_backups(Description& filesystem) {
    const auto backed_up = filesystem.take(metric::filesystem_backed_up);
    const Judge& judgements = filesystem.judgements();
    for (const Observation* one : filesystem.take_all(metric::filesystem_backup)) {
        const Subject* backup = judgements.facts().find(SubjectKind::backup, one->label("backup"));
        if (backup == nullptr)
            filesystem.row("backup", harmless(one->label("backup")) + ": nothing is known of it");
        else
            filesystem.row("backup",
                           fmt::format("{} ({}){}: {}", backup->name(),
                                       state_word(judgements.of(*backup).health), part_of(*one),
                                       copy_text(*backup, judgements.now())));
    }
    describe_elsewhere(filesystem, metric::filesystem_elsewhere_until_timestamp_seconds);
    if (!backed_up) return filesystem.unknown("backup", why_no_backup(filesystem.subject()));
    const Cover cover = judgements.cover_of(filesystem.subject());
    if (filesystem.saved()) {
        filesystem.row("backed up", *backed_up == 0 ? "no" : "yes");
    } else if (cover.backup) {
        filesystem.row("backed up", cover.word == "yes"
                                        ? "yes, by " + cover.backup->name()
                                        : cover.word + " (" + cover.backup->name() + ")");
    } else {
        filesystem.row("backed up", cover.word == "no" ? "no: no backup covers it" : cover.word);
    }
}

}  // namespace

void describe_filesystem(Description& filesystem) {
    const auto label = [&](const char* key) {
        return filesystem.take_label(metric::filesystem_info, key);
    };
    const Relations& relations = filesystem.judgements().relations();
    const auto arrays = relations.arrays_under(filesystem.subject());
    std::string device = label("device");
    for (const Subject* array : arrays) {  // "vg/lv" instead of "dm-4"
        if (array->label(metric::array_info, "device") == device) device = array->name();
    }
    filesystem.row(
        "kind", sentence_of({label("fstype"), named("on", device), named("uuid", label("uuid"))}));
    std::string below = names_of(arrays);
    std::string drives;
    for (const Observation* one : filesystem.take_all(metric::filesystem_drive)) {
        const Subject* drive =
            filesystem.judgements().facts().find(SubjectKind::drive, one->label("drive"));
        drives +=
            (drives.empty() ? "" : ", ") + (drive ? drive->name() : harmless(one->label("drive")));
        if (drive && drive->worst)
            drives += fmt::format(" ({})", state_word(health_of(*drive->worst)));
    }
    filesystem.row("lies on", below + (below.empty() || drives.empty() ? "" : " -> ") + drives);
    add_space(filesystem);
    add_condition(filesystem);
    add_backups(filesystem);
    describe_kernel_errors(filesystem, metric::filesystem_kernel_log_errors_total,
                           metric::filesystem_kernel_log_errors_recent);
}

namespace {

// The newest copy, and how old it may be.
void add_newest(Description& backup) {
    const auto limit = backup.take(metric::backup_max_age_seconds);
    const auto due = backup.take(metric::backup_due_timestamp_seconds);
    const auto long_due = backup.take(metric::backup_long_due_timestamp_seconds);
    const auto night = backup.take(metric::backup_due_night);
    for (const Observation* one : backup.take_all(metric::backup_newest_timestamp_seconds)) {
        std::string proof = harmless(one->label("confidence"));
        if (proof == "exact") proof = "exact: the tool recorded that it was finished";
        if (proof == "inferred") proof = "inferred: only a finished backup leaves such files";
        if (proof == "activity") proof = "activity only, which proves nothing";
        const bool shown = one == newest_copy(backup.subject());
        if (backup.subject().label(metric::backup_info, "kind") == "systemd")
            proof = proof_by_job(one->label("confidence"));
        backup.row(shown ? "newest" : "changed",
                   sentence_of({format_time(one->value), backup.ago(one->value), proof}));
    }
    if (newest_copy(backup.subject()) == nullptr)
        backup.row("newest",
                   copy_state(backup.subject(), backup.judgements().now()) == CopyState::never
                       ? "never made"
                       : "unknown");
    const auto slots = backup.take(metric::backup_slots);
    backup.row("slots",
               slots ? (*slots == 0 ? std::string("in NONE: it is never due")
                                    : "due on " + counted(*slots, "day", "days") + " of the week")
                     : "");
    const std::string missed_night = backup.take_label(metric::backup_missed_night, "night");
    const auto missed = backup.take(metric::backup_missed_slots);
    backup.row("missed", sentence_of({!missed        ? ""
                                      : *missed == 0 ? std::string("no slot")
                                                     : counted(*missed, "slot", "slots"),
                                      missed_night.empty() ? "" : "the night of " + missed_night}));
    backup.row("limit", limit ? "the newest copy may be " + format_duration(*limit) + " old" : "");
    const auto paused = backup.take(metric::backup_paused_until_timestamp_seconds);
    backup.row("paused",
               paused ? sentence_of({"until " + format_time(*paused), backup.ago(*paused)}) : "");
    backup.row(
        "due",
        sentence_of({due ? "the last time was " + format_time(*due) : "",
                     due ? backup.ago(*due) : "",
                     night ? "in the night to " + format_time(*night * 86400).substr(0, 10) : "",
                     long_due ? "critical without a copy since " + format_time(*long_due) : ""}));
}

void add_wal(Description& backup) {
    const auto newest = backup.take(metric::backup_wal_timestamp_seconds);
    const auto limit = backup.take(metric::backup_max_wal_age_seconds);
    const auto waits = backup.take(metric::backup_wal_waiting_timestamp_seconds);
    backup.row(
        "WAL",
        sentence_of(
            {newest ? "archived " + backup.ago(*newest) : "",
             limit ? "at most " + format_duration(*limit) + " is asked for" : "",
             waits ? "the oldest that is NOT archived waits since " + format_time(*waits) : ""}));
}

// When the copies were last verified and restored, and who says so.
void add_proofs(Description& backup) {
    const auto verified = backup.take(metric::backup_verified_timestamp_seconds);
    const auto restored = backup.take(metric::backup_restored_timestamp_seconds);
    const auto records = backup.take_all(metric::backup_record_timestamp_seconds);
    const auto limit = [&](const Metric& metric) {
        const auto within = backup.take(metric);
        return within ? "at most " + format_duration(*within) + " ago is asked for" : std::string();
    };
    const auto says = [&](std::string_view what, Timestamp time) {
        for (const Observation* one : records)
            if (one->label("what") == what && one->value == time)
                return fmt::format("says {}{}{}", harmless(one->label("by")),
                                   one->label("note").empty() ? "" : ": ",
                                   harmless(one->label("note")));
        return std::string();
    };
    const std::string verified_limit = limit(metric::backup_verified_within_seconds);
    const std::string restored_limit = limit(metric::backup_restored_within_seconds);
    if (verified)
        backup.row("verified", sentence_of({backup.ago(*verified), says("verified", *verified),
                                            verified_limit}));
    else
        backup.row("verified", verified_limit.empty() ? "" : "never; " + verified_limit);
    if (restored)
        backup.row("restored", sentence_of({backup.ago(*restored), says("restored", *restored),
                                            restored_limit}));
    else
        backup.row("restored", restored_limit.empty() ? "" : "never; " + restored_limit);
    for (const Observation* one : records) {
        const auto& shown = one->label("what") == "verified" ? verified : restored;
        if (shown != one->value)  // a stamp is newer
            backup.row("recorded",
                       sentence_of({harmless(one->label("what")), backup.ago(one->value),
                                    says(one->label("what"), one->value)}));
    }
    if (!verified && !restored && verified_limit.empty() && restored_limit.empty())
        backup.unknown("verified", "not known to have been verified or restored");
}

std::string domain_of(const Subject& backup) {
    return where(backup.label(metric::backup_failure_domain, "domain"));
}

// Whether its place was read at the last look; "": not known.
std::string_view read_text(std::optional<double> readable, bool by_others, std::string_view kind) {
    if (!readable) return "";
    if (by_others)
        return *readable != 0
                   ? ""
                   : "NOBODY REPORTS it: no file in the inbox, no collector. Or its place "
                     "is forgotten: files, restic, borg, ...";
    if (*readable != 0) return "its place was read";
    return kind == "systemd" ? "systemd could NOT BE ASKED"
                             : "its place could NOT BE READ, the rest is from before";
}

// Of what it is a copy, and which backups are copies of it.
void add_hops(Description& backup) {
    const std::string original = backup.take_label(metric::backup_copy_of, "original");
    const auto arrived = backup.take(metric::backup_arrived_timestamp_seconds);
    const auto lag = backup.take(metric::backup_lag_seconds);
    const auto max_lag = backup.take(metric::backup_max_lag_seconds);
    const auto late = backup.take(metric::backup_original_late);
    const auto missing = backup.take(metric::backup_missing_streams);
    backup.row(
        "copy of",
        sentence_of(
            {original,
             lag       ? (*lag > 0 ? format_duration(*lag) + " behind it" : "not behind it")
             : max_lag ? "how far behind it is not known"
                       : "",
             max_lag ? format_duration(*max_lag) + " allowed" : "",
             late ? (*late == 1 ? "the original itself is too old" : "the original is not too old")
                  : "",
             missing
                 ? (*missing == 0 ? "no stream is missing"
                                  : counted(*missing, "stream is", "streams are") + " MISSING here")
                 : "",
             arrived ? "it arrived " + backup.ago(*arrived) : ""}));
    const Judge& judge = backup.judgements();
    for (const Subject* hop : judge.facts().of(SubjectKind::backup)) {
        if (hop->label(metric::backup_copy_of, "original") != backup.subject().id) continue;
        if (hop->id.find('/') != hop->id.npos) continue;  // a stream
        const auto behind = hop->value(metric::backup_lag_seconds);
        backup.row(
            "copied to",
            sentence_of({fmt::format("{} ({})", hop->name(), state_word(judge.of(*hop).health)),
                         named("at", harmless(hop->label(metric::backup_info, "location"))),
                         copy_text(*hop, judge.now()),
                         behind > 0.0 ? format_duration(*behind) + " behind" : "",
                         domain_of(*hop)}));
    }
}

void add_disks(Description& backup) {
    std::string drives;
    for (const Observation* one : backup.take_all(metric::backup_drive)) {
        const Subject* drive =
            backup.judgements().facts().find(SubjectKind::drive, one->label("drive"));
        drives +=
            (drives.empty() ? "" : ", ") + (drive ? drive->name() : harmless(one->label("drive")));
    }
    const auto ephemeral = backup.take(metric::backup_ephemeral);
    backup.row("lies on", sentence_of({drives, ephemeral == 1 ? "a TEMPORARY disk, which is lost "
                                                                "when the machine moves or stops"
                                                              : ""}));
}

void add_covers(Description& backup) {
    std::string covers;
    for (const Subject* filesystem : backup.judgements().relations().covered_by(backup.subject()))
        covers += (covers.empty() ? "" : ", ") + filesystem->name() +
                  covered_part(*filesystem, backup.subject().id);
    backup.row("covers", covers);
    for (const Observation* link : backup.take_all(metric::backup_source_link))
        backup.row("covers",
                   fmt::format("{}, where A LINK leads to {}: that DOES NOT COUNT",
                               harmless(link->label("path")), harmless(link->label("target"))));
    for (const Observation* missing : backup.take_all(metric::backup_source_missing))
        backup.row("covers", fmt::format("{}, which {}", harmless(missing->label("path")),
                                         harmless(missing->label("why"))));
}

}  // namespace

void describe_backup(Description& backup) {
    const auto label = [&](const char* key) { return backup.take_label(metric::backup_info, key); };
    const auto by_others = backup.take(metric::backup_reported_by_others);
    const auto reported = backup.take(metric::backup_reported_timestamp_seconds);
    const std::string kind = label("kind");
    backup.row("kind",
               sentence_of(
                   {by_others == 1 ? "reported by another program: the inbox or a collector" : kind,
                    named("at", label("location"))}));
    const auto readable = backup.take(metric::backup_readable);
    const auto count = backup.take(metric::backup_count);
    const auto unjudged = backup.take(metric::backup_unjudged_copies);
    const auto oldest = backup.take(metric::backup_oldest_timestamp_seconds);
    const auto size = backup.take(metric::backup_size_bytes);
    const auto smallest = backup.take(metric::backup_min_size_bytes);
    const auto usual = backup.take(metric::backup_usual_size_bytes);
    const auto shrunk = backup.take(metric::backup_shrunk_size_bytes);
    const auto min_span = backup.take(metric::backup_min_span_seconds);
    const auto max_span = backup.take(metric::backup_max_span_seconds);
    const auto min_count = backup.take(metric::backup_min_count);
    const auto incomplete = backup.take(metric::backup_incomplete);
    const std::string broken = backup.take_label(metric::backup_broken_copy, "copy");
    const bool has_streams = backup.subject().value(metric::backup_streams) >= 1.0;
    add_wal(backup);
    const auto writing = backup.take(metric::backup_in_progress);
    const auto lock = backup.take(metric::backup_lock_timestamp_seconds);
    const std::string domain = backup.take_label(metric::backup_failure_domain, "domain");
    const auto on_host = backup.take(metric::backup_on_host);
    add_disks(backup);
    add_newest(backup);
    describe_streams(backup);
    backup.row("reported", reported ? "its newest copy was made " + backup.ago(*reported) : "");
    describe_job(backup);
    backup.row(
        "now",
        sentence_of(
            {std::string(read_text(readable, by_others == 1, kind)),
             incomplete                     ? (*incomplete == 0 ? "the newest copy is complete"
                                                                : "the newest copy is INCOMPLETE")
             : kind == "files" && count > 0 ? "whether the newest copy is complete cannot be told"
                                            : "",
             writing ? (*writing == 0 ? "none is being written" : "a copy is being written") : "",
             lock ? "locked since " + backup.ago(*lock) : ""}));
    backup.row(
        "kept",
        sentence_of({count ? counted(*count, "copy", "copies") : "",
                     unjudged ? fmt::format("{:.0f} that CANNOT BE JUDGED", *unjudged) : "",
                     named("broken:", broken), oldest ? "the oldest " + backup.ago(*oldest) : "",
                     size ? format_size(*size) +
                                (has_streams ? " the newest of all streams" : " the newest")
                          : "",
                     smallest ? "at least " + format_size(*smallest) + " expected" : "",
                     usual ? format_size(*usual) + " is usual" : "",
                     shrunk ? "shrunk if below " + format_size(*shrunk) : ""}));
    backup.row(
        "asked for",
        sentence_of({min_count ? "by now at least " + counted(*min_count, "copy", "copies") : "",
                     min_span ? "the oldest at least " + format_duration(*min_span) + " old" : "",
                     max_span ? "none older than " + format_duration(*max_span) : ""}));
    add_proofs(backup);
    backup.row("lies", !on_host        ? where(domain)
                       : *on_host == 1 ? "on this host"
                                       : "on another host");
    add_hops(backup);
    add_covers(backup);
}

void describe_collector(Description& collector) {
    const auto success = collector.take(metric::collector_success);
    const auto duration = collector.take(metric::collector_duration_seconds);
    const auto last = collector.take(metric::collector_last_success_timestamp_seconds);
    const auto stuck = collector.take(metric::collector_abandoned_children);
    const auto rejected = collector.take(metric::collector_rejected_lines_total);
    collector.row("last run", sentence_of({success ? (*success == 0 ? "FAILED" : "succeeded") : "",
                                           duration ? fmt::format("took {:.2g} s", *duration) : "",
                                           last ? "last success " + collector.ago(*last) : ""}));
    collector.row("processes", stuck
                                   ? (*stuck == 0 ? std::string("none is stuck in the kernel")
                                                  : counted(*stuck, "process is", "processes are") +
                                                        " STUCK in the kernel")
                                   : "");
    collector.row(
        "rejected",
        rejected ? counted(*rejected, "line", "lines") + " that were no valid observations" : "");
}

void describe_host(Description& host) {
    const auto started = host.take(metric::agent_started_timestamp_seconds);
    const auto watched = host.take(metric::watched_since_timestamp_seconds);
    const auto written = host.take(metric::report_timestamp_seconds);
    const auto reports = host.take(metric::generation);
    const auto saved = host.take(metric::state_persisted);
    const auto accepted = host.take(metric::config_accepted);
    host.row("agent", sentence_of({named("version", host.take_label(metric::agent_info, "version")),
                                   started ? "started " + host.ago(*started) : ""}));
    host.row("watched",
             watched ? "since " + format_time(*watched) + ", " + host.ago(*watched) : "");
    host.row("report",
             sentence_of({written ? "written " + host.ago(*written) : "",
                          reports ? counted(*reports, "report", "reports") + " in all" : ""}));
    host.row("state",
             saved ? (*saved == 0 ? "NOT SAVED: a restart would lose counters" : "saved") : "");
    host.row("config",
             accepted
                 ? (*accepted == 0 ? "the newest has an ERROR; the one before is used" : "accepted")
                 : "");
    const auto recent = host.take(metric::kernel_log_lost_records_recent);
    const auto lost = host.take(metric::kernel_log_lost_records_total);
    const auto suppressed = host.take(metric::kernel_log_suppressed_messages_total);
    host.row("kernel log",
             sentence_of({lost ? counted(*lost, "record", "records") + " lost in all" : "",
                          recent ? counted(*recent, "record", "records") + " lost recently" : "",
                          suppressed ? counted(*suppressed, "message", "messages") +
                                           " suppressed by the kernel"
                                     : ""}));
    const std::string night = host.take_label(metric::backups_missed, "night");
    const auto missed = host.take(metric::backups_missed);
    host.row("missed", missed ? fmt::format("{} without a copy of the night to {}",
                                            counted(*missed, "backup", "backups"), night)
                              : "");
    const auto followed = host.take(metric::journal_followed);
    host.row("journal", !followed        ? ""
                        : *followed == 1 ? "read for messages of smartd, mdadm and zed"
                                         : "this host has none: messages of smartd, mdadm and zed "
                                           "are not read");
}

}  // namespace lastgood
