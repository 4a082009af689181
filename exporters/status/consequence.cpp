// What stands on the drive or array of a finding: whose data is in danger, and whether a backup has
// it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/metrics/arrays.hpp"
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
        if (!below || subject == nullptr || !said->insert(subject).second) return lines;
        const std::string text = what_stands_on(*subject, judgements);
        if (text.empty()) return lines;
        for (auto& line : wrap("On it: " + text, width)) lines.push_back(std::move(line));
        return lines;
    };
}

}  // namespace lastgood
