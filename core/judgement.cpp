#include "core/judgement.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "core/backup_plan.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backup_streams.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/probes.hpp"
#include "core/preflight_arrays.hpp"
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

// The worst that is known of a related subject itself. `cap`: it is only a warning here.
void add_related(const Judge& judge, std::vector<Reason>& reasons, const Subject& related,
                 std::string_view how, bool cap) {
    const Judgement judgement = judge.own(related);
    if (judgement.reasons.empty()) return;
    const Reason& worst = judgement.reasons.front();
    // Old values of a drive say nothing of what stands on it.
    if (related.kind == SubjectKind::drive && worst.finding == nullptr &&
        (worst.problem || drive_state(related, judge.now()) == DriveState::not_read))
        return;
    const std::string name = worst.finding ? "" : related.name() + ": ";
    reasons.push_back({.health = cap ? at_most_warning(worst.health) : worst.health,
                       .text = fmt::format("{}{}{}", how, name, worst.text),
                       .finding = worst.finding,
                       .related = &related});
}

}  // namespace

size_t accepted_findings(const Subject& subject) {
    return static_cast<size_t>(std::ranges::count_if(
        subject.findings, [](const Finding* finding) { return finding->accepted.has_value(); }));
}

const Finding* finding_of(const Problem& problem, const Facts& facts) {
    const auto unknown = [](const Subject* subject) -> const Finding* {
        if (subject == nullptr) return nullptr;
        const auto found = std::ranges::find(subject->findings, Severity::unknown,
                                             [](const Finding* one) { return one->severity; });
        return found == subject->findings.end() ? nullptr : *found;
    };
    for (const SubjectKind kind : named_subject_kinds) {
        if (kind == SubjectKind::collector || problem.subject.empty()) continue;
        if (const Finding* finding = unknown(facts.find(kind, problem.subject))) return finding;
    }
    // What was read and found to be cut: the problem says which copy, and why.
    if (const Subject* backup = facts.find(SubjectKind::backup, problem.subject))
        for (const auto rule : {"backup_incomplete", "backup_no_whole_copy", "backup_rotated_away"})
            if (const Finding* finding = finding_of(*backup, rule)) return finding;
    return unknown(facts.find(SubjectKind::collector, problem.collector));
}

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

Judge::Judge(const Report& report, const Facts& facts, Timestamp now)
    : report_(report), facts_(facts), relations_(facts), now_(now) {
    for (size_t i = 0; i < report.problems.size(); ++i) {
        problems_by_collector_[report.problems[i].collector].push_back(i);
        problems_by_subject_[report.problems[i].subject].push_back(i);
    }
    best_backup_ = best_of(facts.of(SubjectKind::backup));
}

namespace {

Judgement judgement_for(std::vector<Reason> reasons) {
    std::ranges::stable_sort(reasons, [](const Reason& a, const Reason& b) {
        return urgency(a.health) > urgency(b.health);
    });
    const Health health = reasons.empty() ? Health::fine : reasons.front().health;
    return {health, std::move(reasons)};
}

}  // namespace

Judgement Judge::own(const Subject& subject) const {
    return judgement_for(own_reasons(subject));
}

Judgement Judge::of(const Subject& subject) const {
    Reasons reasons = own_reasons(subject);
    switch (subject.kind) {
        case SubjectKind::drive:
            add_related_to_drive(subject, reasons);
            break;
        case SubjectKind::array:
            add_related_to_array(subject, reasons);
            break;
        case SubjectKind::filesystem:
            add_related_to_filesystem(subject, reasons);
            break;
        case SubjectKind::data:
            add_related_to_data(subject, reasons);
            break;
        case SubjectKind::backup:
            add_streams(subject, reasons);
            add_original(subject, reasons);
            add_whole(subject, reasons);
            break;
        case SubjectKind::spool:
        case SubjectKind::probe:
        case SubjectKind::collector:
        case SubjectKind::host:
            break;
    }
    return judgement_for(std::move(reasons));
}

std::vector<const Problem*> Judge::problems_of(const Subject& subject) const {
    if (subject.kind == SubjectKind::host) return {};
    std::vector<size_t> indices;
    const auto add = [&](const std::map<std::string_view, std::vector<size_t>>& by) {
        const auto found = by.find(subject.id);
        if (found == by.end()) return;
        std::vector<size_t> both;
        std::ranges::set_union(indices, found->second, std::back_inserter(both));
        indices = std::move(both);
    };
    add(problems_by_subject_);
    if (subject.kind == SubjectKind::collector) add(problems_by_collector_);
    std::vector<const Problem*> problems;
    problems.reserve(indices.size());
    for (const size_t index : indices) problems.push_back(&report_.problems[index]);
    return problems;
}

Judge::Reasons Judge::own_reasons(const Subject& subject) const {
    Reasons reasons;
    for (const Finding* finding : subject.findings) {
        if (finding->accepted) continue;
        reasons.push_back(
            {.health = health_of(finding->severity), .text = clause(*finding), .finding = finding});
    }
    const bool is_collector = subject.kind == SubjectKind::collector;
    for (const Problem* problem : problems_of(subject)) {
        const Finding* finding = finding_of(*problem, facts_);
        if (finding != nullptr && finding->accepted) continue;
        if (is_collector && problem->collector == subject.id) {
            const Subject* drive = facts_.find(SubjectKind::drive, problem->subject);
            const std::string about = drive ? drive->name() : harmless(problem->subject);
            doubt(reasons, fmt::format("{}{}{}", about, about.empty() ? "" : ": ",
                                       harmless(problem->message)));
        } else {
            const std::string_view unread =
                subject.kind == SubjectKind::backup ? "says" : "could not read it";
            doubt(reasons, fmt::format("collector {} {}: {}", harmless(problem->collector), unread,
                                       harmless(problem->message)));
        }
        reasons.back().problem = true;
    }
    if (!is_collector || reasons.empty())
        for (std::string& text : doubts_of(subject, now_)) doubt(reasons, std::move(text));
    return reasons;
}

void Judge::add_related_to_drive(const Subject& drive, Reasons& reasons) const {
    for (const Membership* membership : relations_.memberships_of(drive)) {
        const Subject& array = *membership->array;
        const auto blame = [&](std::string_view rule, bool must_stay, std::string text) {
            const Finding* finding = finding_of(array, rule);
            if (finding == nullptr) return false;
            reasons.push_back({.health = health_of(finding->severity),
                               .text = std::move(text),
                               .finding = finding,
                               .related = &array,
                               .must_stay = must_stay});
            return true;
        };
        const std::string name = array.name();
        if (membership->fatal == true &&
            !blame("array_fatal_members", true,
                   fmt::format("it must not fail or be pulled: array {} has no other copy of some "
                               "of its data",
                               name)))
            blame("array_degraded", true,
                  fmt::format("it must not fail or be pulled: array {} has already lost a member",
                              name));
        if (membership->bad_blocks > 0)
            blame("array_bad_blocks", false,
                  fmt::format("array {} could not write {} of it", name,
                              counted(*membership->bad_blocks, "range", "ranges")));
        if (membership->member->label("flags").find("write_error") != std::string_view::npos &&
            !(membership->bad_blocks > 0))
            doubt(reasons, fmt::format("array {} had a write error on it", name));
    }
    add_reasons_to_stay(drive, reasons);
}

// What is wrong elsewhere and forbids to pull the drive.
void Judge::add_reasons_to_stay(const Subject& drive, Reasons& reasons) const {
    Preflight asked;
    judge_arrays(*this, drive, asked);
    for (size_t i = 0; i < asked.against.size(); ++i) {
        const Subject* because = asked.because[i];
        const Finding* finding = because ? worst_finding(*because) : nullptr;
        const bool known = std::ranges::any_of(
            reasons, [&](const Reason& reason) { return reason.related == because; });
        if (finding == nullptr || known) continue;
        const Health health = health_of(finding->severity);
        // An array that does not run needs every member.
        const bool lost =
            because->kind == SubjectKind::array && finding_of(*because, "array_failed") != nullptr;
        reasons.push_back({.health = lost ? health : at_most_warning(health),
                           .text = "it must not be pulled: " + asked.against[i],
                           .finding = finding,
                           .related = because,
                           .must_stay = true});
    }
}

void Judge::add_related_to_array(const Subject& array, Reasons& reasons) const {
    std::vector<const Subject*> told;
    for (const Membership* membership : relations_.members_of(array)) {
        const Subject* drive = membership->drive;
        if (drive == nullptr || std::ranges::find(told, drive) != told.end()) continue;
        told.push_back(drive);
        add_related(*this, reasons, *drive, "its member: ", true);
    }
}

// The streams in one place, NAME/STREAM.
void Judge::add_streams(const Subject& backup, Reasons& reasons) const {
    double missing = backup.value(metric::backup_streams).value_or(0);
    if (missing < 1) return;
    const std::string prefix = backup.id + "/";
    for (const Subject* stream : facts_.of(SubjectKind::backup)) {
        if (!stream->id.starts_with(prefix)) continue;
        add_related(*this, reasons, *stream, "in it: ", false);
        --missing;
    }
    if (missing > 0) doubt(reasons, fmt::format("nothing is known of {} of its streams", missing));
}

// A copy is as old as its original, which has the finding.
const Subject* Judge::original_of(const Subject& backup) const {
    const std::string name(backup.label(metric::backup_copy_of, "original"));
    if (name.empty()) return nullptr;
    const size_t slash = backup.id.find('/');
    const Subject* original = nullptr;
    if (slash != backup.id.npos)
        original = facts_.find(SubjectKind::backup, name + backup.id.substr(slash));
    return original != nullptr ? original : facts_.find(SubjectKind::backup, name);
}

void Judge::add_original(const Subject& backup, Reasons& reasons) const {
    if (backup.value(metric::backup_original_late) != 1) return;
    const Subject* original = original_of(backup);
    if (original == nullptr) return doubt(reasons, "nothing is known of its original");
    add_related(*this, reasons, *original, "its original: ", false);
}

// Of a stream that is late with others, the whole has the finding.
void Judge::add_whole(const Subject& stream, Reasons& reasons) const {
    if (stream.value(metric::backup_late_with_others) != 1) return;
    const Subject* whole = facts_.find(SubjectKind::backup, whole_of(stream.id));
    const auto told = [&](const Finding* finding) {
        return finding->rule == "backup_streams_late" ||
               finding->rule == "backup_streams_long_late" ||
               finding->rule == "backup_slots_missed";
    };
    if (whole == nullptr || std::ranges::none_of(whole->findings, told))
        return doubt(reasons, "its newest copy is too old");
    const auto found = std::ranges::find_if(whole->findings, told);
    if ((*found)->accepted) return;
    reasons.push_back({.health = health_of((*found)->severity),
                       .text = clause(**found),
                       .finding = *found,
                       .related = whole});
}

void Judge::add_related_to_filesystem(const Subject& filesystem, Reasons& reasons) const {
    for (const Subject* array : relations_.arrays_under(filesystem))
        add_related(*this, reasons, *array, "under it: ", false);
    for (const Subject* drive : relations_.drives_under(filesystem))
        add_related(*this, reasons, *drive,
                    "under it: ", !relations_.memberships_of(*drive).empty());
    for (const Subject* probe : facts_.of(SubjectKind::probe))
        if (probe->label(metric::probe_info, "kind") == "write" &&
            probe->label(metric::probe_info, "target") == filesystem.id)
            add_related(*this, reasons, *probe, "its probe: ", false);
    add_cover(filesystem, reasons);
}

// Data is as well as its copies. What is wrong with the filesystem that it lies on is told there,
// but for the lack of a backup.
void Judge::add_related_to_data(const Subject& data, Reasons& reasons) const {
    add_cover(data, reasons);
    if (data.value(metric::data_backed_up) != 0 || data.value(metric::data_told_by_filesystem) != 1)
        return;
    const Subject* filesystem =
        facts_.find(SubjectKind::filesystem, data.label(metric::data_info, "filesystem"));
    for (const std::string_view rule : {"filesystem_not_backed_up", "filesystem_ephemeral"})
        if (const Finding* finding = filesystem ? finding_of(*filesystem, rule) : nullptr)
            reasons.push_back({.health = health_of(finding->severity),
                               .text = clause(*finding),
                               .finding = finding,
                               .related = filesystem});
}

void Judge::add_cover(const Subject& subject, Reasons& reasons) const {
    const Cover cover = cover_of(subject);
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

}  // namespace lastgood
