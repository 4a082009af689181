// What stands on the drive or array of a finding: whose data is in danger, and whether a backup has
// it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/backup_plan.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/utf8.hpp"
#include "exporters/status/findings.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

constexpr size_t indent = 10;

// "/srv (backup 5 h old)"
std::string with_backup(const Subject& filesystem, const Judge& judgements) {
    const Cover cover = judgements.cover_of(filesystem);
    if (cover.word.empty()) return filesystem.name();
    if (cover.word == "no") return filesystem.name() + " (no backup)";
    const Observation* newest = cover.backup ? newest_copy(*cover.backup) : nullptr;
    const std::string state =
        cover.word == "yes" && newest
            ? short_age(std::max(judgements.now() - newest->value, 0.0)) + " old"
            : cover.word;
    return fmt::format("{} (backup {})", filesystem.name(), state);
}

std::string list_of(const std::vector<const Subject*>& filesystems, const Judge& judgements,
                    std::set<const Subject*>& told) {
    std::string text;
    for (const Subject* filesystem : filesystems) {
        if (told.insert(filesystem).second)
            text += (text.empty() ? "" : ", ") + with_backup(*filesystem, judgements);
    }
    return text;
}

// "md0 (raid1) -> / (no backup), /srv (backup 5 h old)"; "" if nothing is known to.
std::string what_stands_on(const Subject& subject, const Judge& judgements) {
    const Relations& relations = judgements.relations();
    std::set<const Subject*> told, arrays;
    std::string text;
    for (const Membership* membership : relations.memberships_of(subject)) {
        const Subject& array = *membership->array;
        if (subject.kind != SubjectKind::drive || !arrays.insert(&array).second) continue;
        const std::string level = harmless(array.label(metric::array_info, "level"));
        const std::string above = list_of(relations.filesystems_on(array), judgements, told);
        text += fmt::format("{}{}{}{}{}", text.empty() ? "" : "; ", array.name(),
                            level.empty() ? "" : " (" + level + ")", above.empty() ? "" : " -> ",
                            above);
    }
    const std::string direct = list_of(relations.filesystems_on(subject), judgements, told);
    return text + (text.empty() || direct.empty() ? "" : "; ") + direct;
}

// The backups that hold all of some data that this one has, the copies of it, and its original:
// those that are fine, by name and age.
std::vector<std::string> other_fine_copies(const Subject& backup, const Judge& judgements) {
    const Facts& facts = judgements.facts();
    const std::string_view whole = whole_of(backup.id);
    std::set<std::string_view> others{backup.label(metric::backup_copy_of, "original")};
    for (const Subject* data : facts.of(SubjectKind::data)) {
        bool has = false;
        std::set<std::string_view> too;
        for (const Observation* one : data->observations) {
            if (one->metric != &metric::data_backup) continue;
            has = has || one->label("backup") == whole;
            if (one->label("part").empty()) too.insert(one->label("backup"));
        }
        if (has) others.merge(too);
    }
    for (const Subject* one : facts.of(SubjectKind::backup))
        if (one->label(metric::backup_copy_of, "original") == whole && whole_of(one->id) == one->id)
            others.insert(one->id);
    std::vector<std::string> fine;
    for (const std::string_view name : others) {
        const Subject* other = name == whole ? nullptr : facts.find(SubjectKind::backup, name);
        if (other == nullptr || judgements.of(*other).health != Health::fine) continue;
        const Observation* newest = newest_copy(*other);
        fine.push_back(newest == nullptr
                           ? other->name()
                           : fmt::format("{} ({} old)", other->name(),
                                         short_age(judgements.now() - newest->value)));
    }
    return fine;
}

// "It has /srv. Fine copies elsewhere: pg-nas (5 h old)."
std::string what_is_at_stake(const Subject& backup, const Judge& judgements) {
    const std::string covers = harmless(backup.label(metric::backup_info, "covers"));
    const auto fine = other_fine_copies(backup, judgements);
    return fmt::format("{}{}", covers.empty() ? "" : fmt::format("It has {}. ", covers),
                       fine.empty()
                           ? std::string(no_other_copy)
                           : fmt::format("Fine copies elsewhere: {}.", fmt::join(fine, ", ")));
}

constexpr size_t errors_shown = 4;

// The problems that each finding of the report speaks of.
using Told = std::map<const Finding*, std::vector<const Problem*>>;

Told told_problems(const Report& report, const Facts& facts) {
    Told told;
    for (const Problem& problem : report.problems)
        if (const Finding* finding = finding_of(problem, facts)) told[finding].push_back(&problem);
    return told;
}

// "Error: exit status 1"
std::vector<std::string> errors_of(const Finding& finding, const Told& told, const Facts& facts) {
    std::vector<std::string> errors;
    const auto found = told.find(&finding);
    if (found == told.end()) return errors;
    for (const Problem* problem : found->second) {
        const Subject* drive = facts.find(SubjectKind::drive, problem->subject);
        const std::string name = drive ? drive->name() : harmless(problem->subject);
        const bool named = !name.empty() && problem->subject != finding.subject;
        errors.push_back(fmt::format("Error: {}{}{}", named ? name : "", named ? ": " : "",
                                     harmless(problem->message)));
    }
    if (errors.size() > errors_shown + 1) {
        const size_t more = errors.size() - errors_shown;
        errors.resize(errors_shown);
        errors.push_back(fmt::format("and {} more errors", more));
    }
    return errors;
}

}  // namespace

LinesOfFinding consequences(const Report& report, const Judge& judgements, bool past,
                            const ViewOptions& options) {
    // Copies of the function share what has been said: once for each subject.
    const auto said = std::make_shared<std::set<const Subject*>>();
    const auto told = std::make_shared<const Told>(told_problems(report, judgements.facts()));
    const size_t left = past ? indent + 4 : indent;
    const size_t width = std::max<size_t>(options.width, left + 20) - left;
    return [said, told, width, &judgements](const Finding& finding) {
        std::vector<std::string> lines;
        for (const std::string& error : errors_of(finding, *told, judgements.facts()))
            for (auto& line : wrap(error, width)) lines.push_back(std::move(line));
        const Subject* subject = judgements.facts().find(finding.kind, finding.subject);
        const bool below = finding.kind == SubjectKind::drive || finding.kind == SubjectKind::array;
        if (finding.kind == SubjectKind::backup && subject != nullptr &&
            said->insert(subject).second)
            for (auto& line : wrap(what_is_at_stake(*subject, judgements), width))
                lines.push_back(std::move(line));
        if (!below || subject == nullptr || !said->insert(subject).second) return lines;
        const std::string text = what_stands_on(*subject, judgements);
        if (text.empty()) return lines;
        for (auto& line : wrap("On it: " + text, width)) lines.push_back(std::move(line));
        return lines;
    };
}

}  // namespace lastgood
