// The health of the whole host, and the evidence for "fine".
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/judgement.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

void note_silent_drives(const Judge& judgements, Verdict& verdict) {
    const auto drives = judgements.facts().of(SubjectKind::drive);
    std::vector<std::string> silent;
    for (const Subject* drive : drives) {
        if (drive_state(*drive, judgements.now()) == DriveState::no_health_data)
            silent.push_back(drive->name());
    }
    if (silent.empty()) return;
    const bool all = silent.size() == drives.size();
    const size_t shown = std::min<size_t>(silent.size(), 12);
    verdict.notes.push_back(fmt::format(
        "{}no health data from {}{} (virtual drives and some USB bridges have none)",
        all ? "no drive here reports its health: " : "",
        fmt::join(silent.begin(), silent.begin() + static_cast<ptrdiff_t>(shown), ", "),
        silent.size() > shown ? fmt::format(" and {} more", silent.size() - shown) : ""));
}

void note_end_of_acceptance(const Finding& finding, Timestamp now, Verdict& verdict) {
    const Seconds left = finding.accepted->until - now;
    if (left < acceptance_notice)
        verdict.notes.push_back(fmt::format("in {} this counts again: {}",
                                            short_age(std::max(left, 0.0)),
                                            harmless(finding.summary)));
}

void add_problems(const Report& report, const Judge& judgements, Verdict& verdict) {
    for (const Problem& problem : report.problems) {
        if (finding_of(problem, judgements.facts()) != nullptr) continue;  // told with that
        const Subject* drive = judgements.facts().find(SubjectKind::drive, problem.subject);
        const std::string subject = drive != nullptr ? drive->name() : harmless(problem.subject);
        verdict.not_known.push_back(fmt::format(
            "{}{}{}: {}{}", harmless(problem.collector), subject.empty() ? "" : ": ", subject,
            harmless(problem.message),
            problem.since > 0
                ? fmt::format(" (for {})",
                              short_age(std::max(judgements.now() - problem.since, 0.0)))
                : ""));
    }
}

// What keeps a subject from being fine although no rule says so.
void add_doubts(const Judge& judgements, Verdict& verdict) {
    for (const SubjectKind kind : named_subject_kinds) {
        for (const Subject* subject : judgements.facts().of(kind)) {
            for (const Reason& reason : judgements.of(*subject).reasons) {
                const bool own = reason.finding == nullptr && reason.related == nullptr;
                if (!own || reason.problem) continue;
                verdict.not_known.push_back(
                    fmt::format("{}{}: {}", kind == SubjectKind::backup ? "backup " : "",
                                subject->name(), reason.text));
            }
        }
    }
}

std::string proof_of_drives(const Judge& judgements) {
    double read = 0, oldest = 0, asleep = 0;
    for (const Subject* drive : judgements.facts().of(SubjectKind::drive)) {
        const auto time = drive->value(metric::drive_read_timestamp_seconds);
        const DriveState state = drive_state(*drive, judgements.now());
        if (!time || state == DriveState::no_health_data) continue;
        if (state == DriveState::asleep) {
            ++asleep;
            continue;
        }
        ++read;
        oldest = std::max(oldest, judgements.now() - *time);
    }
    if (read + asleep == 0) return "";
    std::string text;
    if (read > 0)
        text = fmt::format("{} read in the last {}", counted(read, "drive was", "drives were"),
                           short_age(oldest));
    if (asleep > 0) text += fmt::format("{}{:.0f} asleep", text.empty() ? "" : ", ", asleep);
    return text;
}

std::string proof_of_arrays(const Judge& judgements) {
    std::string oldest;
    std::optional<Timestamp> time;
    bool never = false;
    for (const Subject* array : judgements.facts().of(SubjectKind::array)) {
        const auto checked = array->value(metric::array_last_check_timestamp_seconds);
        const bool known = checked.has_value() && !never;
        if (!checked && !never) {
            never = true;
            oldest = array->name();
        } else if (known && (!time || *checked < *time)) {
            time = checked;
            oldest = array->name();
        }
    }
    if (oldest.empty()) return "";
    return never ? fmt::format("{} was not read through since lastgood watches it", oldest)
                 : fmt::format("{} was read through {} ago", oldest,
                               short_age(judgements.now() - *time));
}

std::string proof_of_backups(const Judge& judgements) {
    double fresh = 0, off_host = 0, newest = 0;
    for (const Subject* backup : judgements.facts().of(SubjectKind::backup)) {
        const Observation* copy = newest_copy(*backup);
        if (copy_state(*backup, judgements.now()) != CopyState::fresh) continue;  // accepted
        ++fresh;
        newest = fresh == 1 ? copy->value : std::max(newest, copy->value);
        if (backup->label(metric::backup_failure_domain, "domain") == "off-host") ++off_host;
    }
    if (fresh == 0) return "";
    return fmt::format(
        "{} younger than {}, the newest {} old{}", counted(fresh, "backup is", "backups are"),
        fresh < 1.5 ? "its limit" : "their limits", short_age(judgements.now() - newest),
        off_host > 0
            ? fmt::format("; {}", counted(off_host, "lies on another host", "lie on other hosts"))
            : "");
}

}  // namespace

int exit_code(Health health) {
    switch (health) {
        case Health::fine:
            return 0;
        case Health::warning:
            return 1;
        case Health::critical:
            return 2;
        case Health::unknown:
            return 3;
    }
    return 3;
}

std::string_view plain_word_of(Health health) {
    return health == Health::critical ? "critical" : state_word(health);
}

std::string_view loud_word_of(Health health) {
    switch (health) {
        case Health::fine:
            return "FINE";
        case Health::warning:
            return "WARNING";
        case Health::critical:
            return "CRITICAL";
        case Health::unknown:
            return "UNKNOWN";
    }
    return "UNKNOWN";
}

Verdict judge(const Report& report, Timestamp now, bool agent_gone) {
    const Facts facts(report);
    return judge(report, Judge(report, facts, now), agent_gone);
}

Verdict judge(const Report& report, const Judge& judgements, bool agent_gone) {
    const Facts& facts = judgements.facts();
    Verdict verdict;
    verdict.agent_dead =
        agent_gone || std::abs(judgements.now() - report.written_at) > agent_silence;
    for (const Finding& finding : report.findings) {
        if (finding.accepted) {
            ++verdict.accepted;
            note_end_of_acceptance(finding, judgements.now(), verdict);
            continue;
        }
        switch (finding.severity) {
            case Severity::critical:
                ++verdict.critical;
                break;
            case Severity::warning:
                ++verdict.warning;
                break;
            case Severity::unknown:
                ++verdict.unknown;
                break;
        }
    }
    const bool drives = !facts.of(SubjectKind::drive).empty();
    const bool filesystems = !facts.of(SubjectKind::filesystem).empty();
    const bool backups = !facts.of(SubjectKind::backup).empty();
    if (!drives && !filesystems && !backups && facts.of(SubjectKind::array).empty()) {
        verdict.not_known.emplace_back(
            facts.of(SubjectKind::collector).empty()
                ? "no collector has reported yet"
                : "no drive, array, filesystem or backup was found here");
    } else if (!drives) {
        verdict.notes.emplace_back(
            "no drive was found (a container, or no permission?): what lies under the filesystems "
            "is unknown");
    }
    add_problems(report, judgements, verdict);
    add_doubts(judgements, verdict);
    note_silent_drives(judgements, verdict);
    if (!backups) {
        verdict.notes.emplace_back(
            "no backup is configured, so no copy is watched; find backups: lastgood config "
            "discover");
    }
    if (verdict.critical > 0)
        verdict.health = Health::critical;
    else if (verdict.warning > 0)
        verdict.health = Health::warning;
    else if (verdict.unknown > 0 || !verdict.not_known.empty())
        verdict.health = Health::unknown;
    if (verdict.agent_dead) verdict.health = Health::unknown;
    return verdict;
}

std::string drives_behind_controllers(const Judge& judgements) {
    std::string text;
    for (const Subject* host : judgements.facts().of(SubjectKind::host))
        for (const Observation* observation : host->observations) {
            if (observation->metric != &metric::controller_drives) continue;
            text += fmt::format("{}{} behind controller {} ({})", text.empty() ? "" : "; ",
                                counted(observation->value, "drive answered", "drives answered"),
                                harmless(observation->label("controller")),
                                harmless(observation->label("driver")));
        }
    return text;
}

std::string proof_of(const Judge& judgements) {
    std::string text;
    for (const std::string& part :
         {proof_of_drives(judgements), proof_of_arrays(judgements), proof_of_backups(judgements)}) {
        if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
    }
    return text;
}

}  // namespace lastgood
