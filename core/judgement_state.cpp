// The states of subjects, and what they say apart from findings.
#include <fmt/core.h>

#include <algorithm>

#include "core/backup_plan.hpp"
#include "core/judgement.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backup_streams.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/probes.hpp"
#include "core/metrics/spools.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

bool proves(const Observation& copy) {
    const std::string_view confidence = copy.label("confidence");
    return confidence == "exact" || confidence == "inferred";
}

}  // namespace

DriveState drive_state(const Subject& drive, Timestamp now) {
    if (drive.value(metric::drive_present) == 0) return DriveState::gone;
    if (drive.value(metric::drive_smart_passed) == 0) return DriveState::failed;
    if (drive.value(metric::drive_answering) == 0) return DriveState::not_answering;
    if (drive.label(metric::drive_info, "reader") == "none") return DriveState::no_health_data;
    const auto read = drive.value(metric::drive_read_timestamp_seconds);
    const std::string_view power = drive.label(metric::drive_power_state, "state");
    const bool sleeps = power == "standby" || power == "sleep";
    if (sleeps) return read ? DriveState::asleep : DriveState::not_read;
    return read && now - *read <= drive_read_limit ? DriveState::fine : DriveState::not_read;
}

const Observation* newest_copy(const Subject& backup) {
    const Observation* best = nullptr;
    for (const Observation* copy : backup.observations) {
        if (copy->metric == &metric::backup_newest_timestamp_seconds &&
            (best == nullptr ||
             std::pair(proves(*copy), copy->value) > std::pair(proves(*best), best->value))) {
            best = copy;
        }
    }
    return best;
}

std::optional<Timestamp> oldest_allowed_copy(const Subject& backup, Timestamp now) {
    const auto max_age = backup.value(metric::backup_max_age_seconds);
    const auto due = backup.value(metric::backup_due_timestamp_seconds);
    if (max_age && due) return std::max(now - *max_age, *due - slot_slack);
    if (max_age) return now - *max_age;
    return due ? std::optional(*due - slot_slack) : std::nullopt;
}

CopyState copy_state(const Subject& backup, Timestamp now) {
    const auto readable = backup.value(metric::backup_readable);
    const Observation* newest = newest_copy(backup);
    const auto max_age = backup.value(metric::backup_max_age_seconds);
    const auto due = backup.value(metric::backup_due_timestamp_seconds);
    if (readable == 0) return CopyState::unreadable;
    // What others report is not known while nobody reports it.
    // systemd forgets the runs of a unit: none that is known does not mean that there was none.
    const bool looked_for = readable == 1 && backup.value(metric::backup_reported_by_others) != 1 &&
                            backup.value(metric::backup_known_by_job_only) != 1;
    if (backup.value(metric::backup_copies_gone).value_or(0) > 0) return CopyState::gone;
    // What cannot be told: whether there are copies elsewhere.
    if (backup.value(metric::backup_stamp_missing) == 1 ||
        backup.value(metric::backup_other_files).value_or(0) > 0)
        return CopyState::unknown;
    // What is a copy of another backup may show only when it arrived.
    if (backup.first(metric::backup_arrived_timestamp_seconds) && newest == nullptr)
        return CopyState::unknown;
    if (newest == nullptr) return looked_for ? CopyState::never : CopyState::unknown;
    if (!proves(*newest)) return CopyState::unproven;
    if (newest->value > now + clock_skew) return CopyState::from_future;
    if (!max_age && !due) return CopyState::no_limit;
    if (max_age && now - newest->value > *max_age) return CopyState::stale;
    if (due && misses(newest->value, *due)) return CopyState::stale;
    if (backup.value(metric::backup_incomplete) == 1) return CopyState::incomplete;
    const auto size = backup.value(metric::backup_size_bytes);
    const auto smallest = backup.value(metric::backup_min_size_bytes);
    if (smallest && !size) return CopyState::unknown_size;
    return smallest && *size < *smallest ? CopyState::too_small : CopyState::fresh;
}

bool is_container(const Subject& array) {
    return array.label(metric::array_info, "level") == "container";
}

namespace {

using Texts = std::vector<std::string>;

// Whether a finding tells the state already: any finding that counts, or an accepted one of the
// rules whose names begin like this.
bool told(const Subject& subject, std::initializer_list<std::string_view> rules) {
    return std::ranges::any_of(subject.findings, [&](const Finding* finding) {
        return !finding->accepted || std::ranges::any_of(rules, [&](std::string_view rule) {
            return finding->rule.starts_with(rule);
        });
    });
}

void add_drive(const Subject& drive, Timestamp now, Texts& texts) {
    switch (drive_state(drive, now)) {
        case DriveState::fine:
        case DriveState::asleep:
        case DriveState::no_health_data:
            break;
        case DriveState::failed:
            if (!told(drive, {"drive_failing_verdict"}))
                texts.emplace_back("it reports that it has failed");
            break;
        case DriveState::gone:
            if (!told(drive, {"drive_gone", "drive_failing_dropped"}))
                texts.emplace_back("it has disappeared");
            break;
        case DriveState::not_answering:
            if (!told(drive, {"drive_not_answering"}))
                texts.emplace_back("it did not answer the last query");
            break;
        case DriveState::not_read: {
            const auto read = drive.value(metric::drive_read_timestamp_seconds);
            const bool sleeps = drive.first(metric::drive_power_state) != nullptr;
            texts.push_back(
                read ? fmt::format("its health was last read {} ago", format_duration(now - *read))
                : sleeps ? "it sleeps, and its health has not been read yet"
                         : "its health has not been read yet");
            break;
        }
    }
}

void add_array(const Subject& array, Texts& texts) {
    const std::string_view state = array.label(metric::array_state, "state");
    const double missing = array.value(metric::array_degraded_members).value_or(0);
    if (array.value(metric::array_present) == 0) {
        if (!told(array, {"array_gone"})) texts.emplace_back("it has disappeared");
    } else if (array.value(metric::array_readable) == 0) {
        if (!told(array, {"array_unreadable"})) texts.emplace_back("its state could not be read");
    } else if (array.value(metric::array_failed) == 1) {
        if (!told(array, {"array_failed"})) texts.emplace_back("it has failed");
    } else if (missing > 0) {
        if (!told(array, {"array_degraded"}))
            texts.push_back(counted(missing, "member is missing", "members are missing"));
    } else if ((state == "inactive" && !is_container(array)) || state == "suspended" ||
               state == "broken") {
        if (!told(array, {})) texts.push_back(fmt::format("it is {}", state));
    } else if (!array.first(metric::array_degraded_members) && !array.first(metric::array_failed)) {
        if (!told(array, {})) texts.emplace_back("its state is not known");
    }
}

void add_filesystem(const Subject& filesystem, Texts& texts) {
    if (filesystem.value(metric::filesystem_responding) == 0) {
        if (!told(filesystem, {"filesystem_not_responding"}))
            texts.emplace_back("it does not answer");
    } else if (filesystem.value(metric::filesystem_read_only) == 1 &&
               filesystem.value(metric::filesystem_read_only_intended) == 0) {
        if (!told(filesystem, {"filesystem_read_only"})) texts.emplace_back("it is read-only");
    } else if (!filesystem.first(metric::filesystem_read_only) &&
               !filesystem.first(metric::filesystem_size_bytes)) {
        if (!told(filesystem, {})) texts.emplace_back("its state is not known");
    }
}

void add_data(const Subject& data, Texts& texts) {
    const bool is_known = data.first(metric::data_backed_up) != nullptr ||
                          data.first(metric::data_backup_waived) != nullptr ||
                          data.first(metric::data_info) != nullptr;
    if (data.value(metric::data_missing) == 1 && !told(data, {"data_missing"}))
        texts.emplace_back("there is no such path");
    if (!is_known && !told(data, {})) texts.emplace_back("nothing is known of it");
}

// An empty spool is fine only if it was looked at.
void add_spool(const Subject& spool, Texts& texts) {
    if (spool.value(metric::spool_readable) == 0) {
        if (!told(spool, {"spool_unreadable", "spool_missing"}))
            texts.emplace_back("it could not be read");
    } else if (!spool.first(metric::spool_count)) {
        if (!told(spool, {})) texts.emplace_back("it is not known what lies in it");
    } else if (spool.value(metric::spool_count_incomplete) == 1) {
        if (!told(spool, {"spool_not_counted"}))
            texts.emplace_back("not all of what lies in it could be counted");
    }
}

void add_probe(const Subject& probe, Texts& texts) {
    if (probe.value(metric::probe_reported) != 1) {
        if (!told(probe, {"probe_not_reported"})) texts.emplace_back("nobody tells of it");
    } else if (probe.value(metric::probe_failures).value_or(0) > 0) {
        if (!told(probe, {"probe_failing"}))
            texts.push_back(fmt::format("its last attempt failed: {}",
                                        harmless(probe.label(metric::probe_failures, "why"))));
    } else if (!probe.first(metric::probe_asked_timestamp_seconds)) {
        if (!told(probe, {"probe_hanging"})) texts.emplace_back("its first attempt has not ended");
    }
}

struct CopyWords {
    std::string text = {};  // "": nothing is wrong
    // The rule that says so; "too old" stands for four; "": no rule does.
    std::string_view rule = {};
};

CopyWords words_of(CopyState state, const Subject& backup, Timestamp now) {
    switch (state) {
        case CopyState::fresh:
            break;
        case CopyState::stale:
            return {fmt::format("its newest copy is {} old",
                                format_duration(now - newest_copy(backup)->value)),
                    "too old"};
        case CopyState::from_future:
            return {"its newest copy is from the future", "backup_from_future"};
        case CopyState::never:
            return {"no copy has been made yet", "backup_never_made"};
        case CopyState::gone:
            return {"its copies are gone", "backup_gone"};
        case CopyState::unreadable:
            if (backup.value(metric::backup_reported_by_others) != 1)
                return {"the place of its copies could not be read", "backup_unreadable"};
            if (newest_copy(backup) == nullptr) return {"nobody reports it", "backup_not_reported"};
            return {"nobody reports it any more", "backup_report_gone"};
        case CopyState::unproven:
            return {"nothing proves that a copy was finished", "backup_unproven"};
        case CopyState::incomplete:
            return {"its newest copy is incomplete", "backup_incomplete"};
        case CopyState::too_small:
            return {"its newest copy is too small", "backup_too_small"};
        case CopyState::unknown_size:
            return {"the size of its newest copy is not known", ""};
        case CopyState::no_limit:
            return {"nothing says how old its newest copy may be", ""};
        case CopyState::unknown:
            return {"its newest copy is not known yet", "backup_not_reported"};
    }
    return {};
}

void add_backup(const Subject& backup, Timestamp now, Texts& texts) {
    const CopyState state = copy_state(backup, now);
    // Its streams speak for themselves: Judge::of().
    if (state != CopyState::unreadable && backup.value(metric::backup_streams) > 0) return;
    // Judge::of() names the original, and the whole that tells it of several streams.
    if (state == CopyState::stale && (backup.value(metric::backup_original_late) == 1 ||
                                      backup.value(metric::backup_late_with_others) == 1))
        return;
    auto [text, rule] = words_of(state, backup, now);
    if (text.empty()) return;
    const bool is_told = rule == "too old" ? told(backup, {"backup_too_old", "backup_far_too_old",
                                                           "backup_overdue", "backup_long_overdue"})
                         : rule.empty()    ? told(backup, {})
                                           : told(backup, {rule});
    if (!is_told) texts.push_back(std::move(text));
}

}  // namespace

std::vector<std::string> doubts_of(const Subject& subject, Timestamp now) {
    Texts texts;
    switch (subject.kind) {
        case SubjectKind::drive:
            add_drive(subject, now, texts);
            break;
        case SubjectKind::array:
            add_array(subject, texts);
            break;
        case SubjectKind::filesystem:
            add_filesystem(subject, texts);
            break;
        case SubjectKind::data:
            add_data(subject, texts);
            break;
        case SubjectKind::backup:
            add_backup(subject, now, texts);
            break;
        case SubjectKind::spool:
            add_spool(subject, texts);
            break;
        case SubjectKind::probe:
            add_probe(subject, texts);
            break;
        case SubjectKind::collector:
            if (subject.value(metric::collector_success) == 0 && !told(subject, {"collector_"}))
                texts.emplace_back("its last run failed");
            break;
        case SubjectKind::host:
            break;
    }
    return texts;
}

}  // namespace lastgood
