#include "core/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

int urgency(Health health) {
    switch (health) {
        case Health::fine:
            return 0;
        case Health::unknown:
            return 1;
        case Health::warning:
            return 2;
        case Health::critical:
            return 3;
    }
    return 1;
}

// A warning about something else is a warning here; so is a critical finding.
Health at_most_warning(Health health) {
    return health == Health::critical ? Health::warning : health;
}

void doubt(std::vector<Reason>& reasons, std::string text) {
    reasons.push_back({.health = Health::unknown, .text = std::move(text)});
}

// "Drive sdb has 8 unreadable sectors." becomes a part of a sentence.
std::string clause(const Finding& finding) {
    std::string text = harmless(finding.summary);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

const Finding* worst_finding(const Subject& subject) {
    const Finding* worst = nullptr;
    for (const Finding* finding : subject.findings)
        if (!finding->accepted && (worst == nullptr || finding->severity > worst->severity))
            worst = finding;
    return worst;
}

const Finding* finding_of(const Subject& subject, std::string_view rule) {
    const auto found = std::ranges::find_if(subject.findings, [&](const Finding* finding) {
        return finding->rule == rule && !finding->accepted;
    });
    return found == subject.findings.end() ? nullptr : *found;
}

// A reason that comes from the worst finding of a related subject. `cap`: it is only a warning
// here.
void add_related(std::vector<Reason>& reasons, const Subject& related, std::string_view how,
                 bool cap) {
    const Finding* worst = worst_finding(related);
    if (worst == nullptr) return;
    const Health health = health_of(worst->severity);
    reasons.push_back({.health = cap ? at_most_warning(health) : health,
                       .text = fmt::format("{}{}", how, clause(*worst)),
                       .finding = worst,
                       .related = &related});
}

}  // namespace

Health health_of(Severity severity) {
    switch (severity) {
        case Severity::critical:
            return Health::critical;
        case Severity::warning:
            return Health::warning;
        case Severity::unknown:
            return Health::unknown;
    }
    return Health::unknown;
}

Health worse(Health a, Health b) {
    return urgency(a) >= urgency(b) ? a : b;
}

std::string_view state_word(Health health) {
    switch (health) {
        case Health::fine:
            return "fine";
        case Health::warning:
            return "warning";
        case Health::critical:
            return "CRITICAL";
        case Health::unknown:
            return "unknown";
    }
    return "unknown";
}

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
    const auto proof = [](const Observation& copy) {
        return copy.label("confidence") != "activity";
    };
    for (const Observation* copy : backup.observations) {
        if (copy->metric == &metric::backup_newest_timestamp_seconds &&
            (best == nullptr ||
             std::pair(proof(*copy), copy->value) > std::pair(proof(*best), best->value))) {
            best = copy;
        }
    }
    return best;
}

CopyState copy_state(const Subject& backup, Timestamp now) {
    const auto readable = backup.value(metric::backup_readable);
    const Observation* newest = newest_copy(backup);
    const auto limit = backup.value(metric::backup_max_age_seconds);
    if (readable == 0) return CopyState::unreadable;
    // What others report is not known while nobody reports it.
    const bool looked_for = readable == 1 && backup.value(metric::backup_reported_by_others) != 1;
    if (newest == nullptr) return looked_for ? CopyState::never : CopyState::unknown;
    if (newest->label("confidence") == "activity") return CopyState::unproven;
    if (limit && now - newest->value > *limit) return CopyState::stale;
    if (backup.value(metric::backup_incomplete) == 1) return CopyState::incomplete;
    const auto size = backup.value(metric::backup_size_bytes);
    const auto smallest = backup.value(metric::backup_min_size_bytes);
    if (size && smallest && *size < *smallest) return CopyState::too_small;
    return CopyState::fresh;
}

Judge::Judge(const Report& report, const Facts& facts, Timestamp now)
    : report_(report), facts_(facts), relations_(facts), now_(now) {}

Judgement Judge::of(const Subject& subject) const {
    Judgement result;
    for (const Finding* finding : subject.findings) {
        if (finding->accepted) continue;
        result.reasons.push_back(
            {.health = health_of(finding->severity), .text = clause(*finding), .finding = finding});
    }
    switch (subject.kind) {
        case SubjectKind::drive:
            judge_drive(subject, result.reasons);
            break;
        case SubjectKind::array:
            judge_array(subject, result.reasons);
            break;
        case SubjectKind::filesystem:
            judge_filesystem(subject, result.reasons);
            break;
        case SubjectKind::backup:
            judge_backup(subject, result.reasons);
            break;
        case SubjectKind::collector:
            judge_collector(subject, result.reasons);
            break;
        case SubjectKind::host:
            break;
    }
    for (const Problem& problem : report_.problems) {
        if (subject.kind == SubjectKind::host || problem.subject != subject.id) continue;
        doubt(result.reasons, fmt::format("collector {} could not read it: {}",
                                          harmless(problem.collector), harmless(problem.message)));
        result.reasons.back().problem = true;
    }
    std::ranges::stable_sort(result.reasons, [](const Reason& a, const Reason& b) {
        return urgency(a.health) > urgency(b.health);
    });
    if (!result.reasons.empty()) result.health = result.reasons.front().health;
    return result;
}

void Judge::judge_drive(const Subject& drive, std::vector<Reason>& reasons) const {
    const bool found = !drive.findings.empty();
    switch (drive_state(drive, now_)) {
        case DriveState::fine:
        case DriveState::asleep:
        case DriveState::no_health_data:
            break;
        case DriveState::failed:
            if (!found) doubt(reasons, "it reports that it has failed");
            break;
        case DriveState::gone:
            if (!found) doubt(reasons, "it has disappeared");
            break;
        case DriveState::not_answering:
            if (!found) doubt(reasons, "it did not answer the last query");
            break;
        case DriveState::not_read: {
            const auto read = drive.value(metric::drive_read_timestamp_seconds);
            const bool sleeps = drive.first(metric::drive_power_state) != nullptr;
            doubt(reasons, read     ? fmt::format("its health was last read {} ago",
                                                  format_duration(now_ - *read))
                           : sleeps ? "it sleeps, and its health has not been read yet"
                                    : "its health has not been read yet");
            break;
        }
    }
    // What its arrays say about it.
    for (const Membership* membership : relations_.memberships_of(drive)) {
        const Subject& array = *membership->array;
        const auto blame = [&](std::string_view rule, std::string text) {
            if (const Finding* finding = finding_of(array, rule)) {
                reasons.push_back({.health = health_of(finding->severity),
                                   .text = std::move(text),
                                   .finding = finding,
                                   .related = &array});
                return true;
            }
            return false;
        };
        const std::string name = array.name();
        if (membership->fatal == true &&
            !blame("array_fatal_members",
                   fmt::format("it must not fail or be pulled: array {} has no other copy of some "
                               "of its data",
                               name)))
            blame("array_degraded",
                  fmt::format("it must not fail or be pulled: array {} has already lost a member",
                              name));
        if (membership->bad_blocks > 0)
            blame("array_bad_blocks",
                  fmt::format("array {} could not write {} of it", name,
                              counted(*membership->bad_blocks, "range", "ranges")));
        if (membership->member->label("flags").find("write_error") != std::string_view::npos &&
            !(membership->bad_blocks > 0))
            doubt(reasons, fmt::format("array {} had a write error on it", name));
    }
}

void Judge::judge_array(const Subject& array, std::vector<Reason>& reasons) const {
    const std::string_view state = array.label(metric::array_state, "state");
    if (array.findings.empty()) {
        if (array.value(metric::array_present) == 0) {
            doubt(reasons, "it has disappeared");
        } else if (array.value(metric::array_readable) == 0) {
            doubt(reasons, "its state could not be read");
        } else if (array.value(metric::array_failed) == 1) {
            doubt(reasons, "it has failed");
        } else if (const double missing = array.value(metric::array_degraded_members).value_or(0);
                   missing > 0) {
            doubt(reasons, counted(missing, "member is missing", "members are missing"));
        } else if (state == "inactive" || state == "suspended" || state == "broken") {
            doubt(reasons, fmt::format("it is {}", state));
        } else if (!array.first(metric::array_degraded_members) &&
                   !array.first(metric::array_failed)) {
            doubt(reasons, "its state is not known");
        }
    }
    std::vector<const Subject*> told;
    for (const Membership* membership : relations_.members_of(array)) {
        const Subject* drive = membership->drive;
        if (drive == nullptr || std::ranges::find(told, drive) != told.end()) continue;
        told.push_back(drive);
        add_related(reasons, *drive, "its member: ", true);
    }
}

void Judge::judge_filesystem(const Subject& filesystem, std::vector<Reason>& reasons) const {
    if (filesystem.findings.empty()) {
        if (filesystem.value(metric::filesystem_responding) == 0)
            doubt(reasons, "it does not answer");
        else if (filesystem.value(metric::filesystem_read_only) == 1 &&
                 filesystem.value(metric::filesystem_read_only_intended) == 0)
            doubt(reasons, "it is read-only");
        else if (!filesystem.first(metric::filesystem_read_only) &&
                 !filesystem.first(metric::filesystem_size_bytes))
            doubt(reasons, "its state is not known");
    }
    for (const Subject* array : relations_.arrays_under(filesystem))
        add_related(reasons, *array, "under it: ", false);
    for (const Subject* drive : relations_.drives_under(filesystem))
        add_related(reasons, *drive, "under it: ", !relations_.memberships_of(*drive).empty());
    const Cover cover = cover_of(filesystem);
    if (cover.health == Health::fine) return;
    std::string text = "no backup that is known here has it";
    if (cover.backup != nullptr)
        text = fmt::format("its backup {}: {}", cover.backup->name(),
                           of(*cover.backup).reasons.front().text);
    else if (!facts_.of(SubjectKind::backup).empty())
        text = "not every backup is in order, and it is not known which has it";
    reasons.push_back({.health = cover.health,
                       .text = text,
                       .finding = cover.backup ? worst_finding(*cover.backup) : nullptr,
                       .related = cover.backup});
}

void Judge::judge_backup(const Subject& backup, std::vector<Reason>& reasons) const {
    if (!backup.findings.empty()) return;
    switch (copy_state(backup, now_)) {
        case CopyState::fresh:
            break;
        case CopyState::stale:
            doubt(reasons, fmt::format("its newest copy is {} old",
                                       format_duration(now_ - newest_copy(backup)->value)));
            break;
        case CopyState::never:
            doubt(reasons, "no copy has been made yet");
            break;
        case CopyState::unreadable:
            doubt(reasons, "the place of its copies could not be read");
            break;
        case CopyState::unproven:
            doubt(reasons, "nothing proves that a copy was finished");
            break;
        case CopyState::incomplete:
            doubt(reasons, "its newest copy is incomplete");
            break;
        case CopyState::too_small:
            doubt(reasons, "its newest copy is too small");
            break;
        case CopyState::unknown:
            doubt(reasons, "its newest copy is not known yet");
            break;
    }
}

void Judge::judge_collector(const Subject& collector, std::vector<Reason>& reasons) const {
    if (!collector.findings.empty()) return;
    for (const Problem& problem : report_.problems) {
        if (problem.collector != collector.id) continue;
        const Subject* drive = facts_.find(SubjectKind::drive, problem.subject);
        const std::string subject = drive ? drive->name() : harmless(problem.subject);
        doubt(reasons, fmt::format("{}{}{}", subject, subject.empty() ? "" : ": ",
                                   harmless(problem.message)));
        reasons.back().problem = true;
    }
    if (reasons.empty() && collector.value(metric::collector_success) == 0)
        doubt(reasons, "its last run failed");
}

namespace {

std::string cover_word(const Subject& backup, const Judgement& judgement, Timestamp now) {
    switch (copy_state(backup, now)) {
        case CopyState::stale:
            return "stale " + short_age(now - newest_copy(backup)->value);
        case CopyState::never:
            return "never made";
        case CopyState::unreadable:
            return "unreadable";
        case CopyState::unproven:
            return "unproven";
        case CopyState::incomplete:
            return "incomplete";
        case CopyState::too_small:
            return "too small";
        case CopyState::unknown:
            return "unclear";
        case CopyState::fresh:
            break;
    }
    return judgement.health == Health::fine ? "yes" : "in doubt";
}

}  // namespace

Cover Judge::cover_of(const Subject& filesystem) const {
    const auto backed_up = filesystem.value(metric::filesystem_backed_up);
    if (!backed_up && filesystem.first(metric::filesystem_backup_waived)) return {.word = "no*"};
    if (!backed_up) return {};
    if (*backed_up == 0) return {.word = "none"};  // a rule says whether that is a fault
    auto backups = relations_.backups_of(filesystem);
    const bool known = !backups.empty();
    if (!known) backups = facts_.of(SubjectKind::backup);
    const Subject* best = nullptr;
    Judgement of_best;
    bool differ = false;
    for (const Subject* backup : backups) {
        Judgement judgement = of(*backup);
        differ = differ || (best != nullptr && judgement.health != of_best.health);
        if (best == nullptr || urgency(judgement.health) < urgency(of_best.health)) {
            best = backup;
            of_best = std::move(judgement);
        }
    }
    if (best == nullptr || (!known && differ))
        return {.word = "unclear", .health = Health::unknown};
    const bool named = known || backups.size() == 1;
    return {.word = cover_word(*best, of_best, now_),
            .health = of_best.health,
            .backup = named ? best : nullptr};
}

}  // namespace lastgood
