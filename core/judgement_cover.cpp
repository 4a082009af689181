// Whether a backup has a filesystem or a piece of data: the words of the tables and the health
// behind them.
#include <fmt/core.h>

#include "core/judgement.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

bool is_better(Health a, Health b) {
    return a != b && worse(a, b) == b;
}

std::string stale(const Subject& backup, Timestamp now) {
    return fmt::format("stale ({})", short_age(now - newest_copy(backup)->value));
}

std::string cover_word(const Subject& backup, const Judgement& judgement, const Subject* original,
                       Timestamp now) {
    // Fresh by its own limit, which is longer.
    if (original != nullptr && backup.value(metric::backup_original_late) == 1 &&
        copy_state(backup, now) == CopyState::fresh && newest_copy(*original) != nullptr)
        return stale(*original, now);
    switch (copy_state(backup, now)) {
        case CopyState::stale:
            return stale(backup, now);
        case CopyState::never:
            return "never made";
        case CopyState::gone:
            return "gone";
        case CopyState::unreadable:
            return "unreadable";
        case CopyState::unproven:
            return "unproven";
        case CopyState::from_future:
            return "wrong time";
        case CopyState::incomplete:
            return "incomplete";
        case CopyState::too_small:
            return "too small";
        case CopyState::unknown_size:
        case CopyState::no_limit:
        case CopyState::unknown:
            return "unclear";
        case CopyState::fresh:
            break;
    }
    return judgement.health == Health::fine ? "yes" : "in doubt";
}

// "partly (/etc)", "partly (/etc, …)": room is short in a table.
std::string partly(const std::vector<std::string>& parts) {
    const std::string first = parts.front().substr(0, parts.front().find(", "));
    const bool more = parts.size() > 1 || first.size() < parts.front().size();
    return fmt::format("partly ({}{})", harmless(first), more ? ", …" : "");
}

// What says so of the subject: a filesystem, or data on one.
struct CoverMetrics {
    const Metric &backed_up, &waived, &backup, &elsewhere;
};

CoverMetrics metrics_of(SubjectKind kind) {
    if (kind == SubjectKind::data)
        return {metric::data_backed_up, metric::data_backup_waived, metric::data_backup,
                metric::data_elsewhere_until_timestamp_seconds};
    return {metric::filesystem_backed_up, metric::filesystem_backup_waived,
            metric::filesystem_backup, metric::filesystem_elsewhere_until_timestamp_seconds};
}

}  // namespace

std::optional<Timestamp> elsewhere_until(const Subject& subject, Timestamp now) {
    if (subject.kind != SubjectKind::data && subject.kind != SubjectKind::filesystem)
        return std::nullopt;
    const CoverMetrics metrics = metrics_of(subject.kind);
    const auto until = subject.value(metrics.elsewhere);
    if (!until || *until <= now || subject.value(metrics.backed_up) != 0) return std::nullopt;
    return until;
}

Cover Judge::cover_of(const Subject& subject) const {
    const CoverMetrics metrics = metrics_of(subject.kind);
    const auto backed_up = subject.value(metrics.backed_up);
    if (!backed_up && subject.first(metrics.waived)) return {.word = "no*"};
    if (!backed_up) return {};
    if (const auto until = elsewhere_until(subject, now_))
        return {.word = fmt::format("elsewhere (until {})", format_day(*until))};
    if (*backed_up == 0) return {.word = "no"};  // a rule says whether that is a fault
    // A backup that is named and of which nothing is known is no other backup.
    if (subject.first(metrics.backup) != nullptr) return cover_by_parts(subject, metrics.backup);
    if (best_backup_.backup == nullptr || best_backup_.differ)
        return {.word = "unclear", .health = Health::unknown};
    const bool named = facts_.of(SubjectKind::backup).size() == 1;
    return {.word = cover_word(*best_backup_.backup, best_backup_.judgement,
                               original_of(*best_backup_.backup), now_),
            .health = best_backup_.judgement.health,
            .backup = named ? best_backup_.backup : nullptr};
}

// Of backups that have the same part the best one counts, of the parts the worst. A part is no
// substitute for a backup of the whole.
Cover Judge::cover_by_parts(const Subject& subject, const Metric& covering) const {
    std::map<std::string, std::vector<const Subject*>> by_part;
    for (const Observation* one : subject.observations) {
        if (one->metric != &covering || !one->label("via").empty()) continue;
        const Subject* backup = facts_.find(SubjectKind::backup, one->label("backup"));
        if (backup != nullptr) by_part[std::string(one->label("part"))].push_back(backup);
    }
    const auto whole = by_part.find("");
    if (whole != by_part.end()) by_part.erase(std::next(whole), by_part.end());
    Cover cover{.word = "unclear", .health = Health::unknown};
    std::vector<std::string> parts;
    for (const auto& [part, backups] : by_part) {
        const BestBackup best = best_of(backups);
        if (!parts.empty() && !is_better(cover.health, best.judgement.health)) {
            parts.push_back(part);
            continue;
        }
        parts.push_back(part);
        cover = {.word = cover_word(*best.backup, best.judgement, original_of(*best.backup), now_),
                 .health = best.judgement.health,
                 .backup = best.backup};
    }
    if (cover.word == "yes" && !parts.front().empty()) cover.word = partly(parts);
    return cover;
}

Judge::BestBackup Judge::best_of(const std::vector<const Subject*>& backups) const {
    BestBackup best;
    for (const Subject* backup : backups) {
        Judgement judgement = of(*backup);
        best.differ =
            best.differ || (best.backup != nullptr && judgement.health != best.judgement.health);
        if (best.backup == nullptr || is_better(judgement.health, best.judgement.health)) {
            best.backup = backup;
            best.judgement = std::move(judgement);
        }
    }
    return best;
}

}  // namespace lastgood
