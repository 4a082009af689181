#include "rules/preflight_backups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

// Time of the newest copy that a tool recorded or that only a finished backup leaves.
std::optional<Timestamp> newest_proven(const Subject& backup) {
    std::optional<Timestamp> newest;
    for (const Observation* one : backup.observations)
        if (one->metric == &metric::backup_newest_timestamp_seconds &&
            (one->label("confidence") == "exact" || one->label("confidence") == "inferred"))
            newest = std::max(newest.value_or(one->value), one->value);
    return newest;
}

// Where the copies lie, seen from what they cover; "" if that is not known.
std::string_view place_of(const Subject& backup) {
    const std::string_view domain = backup.label(metric::backup_failure_domain, "domain");
    if (domain == "same-host") return "on another drive of this host";
    return domain == "off-host" ? "off this host" : "";
}

// Why the backup is no proof that the data could be restored without the drive; "" if it is one.
std::string doubt_of(const Subject& backup, Timestamp now) {
    const std::string name = harmless(backup.id);
    if (backup.value(metric::backup_readable) != 1.0)
        return fmt::format("backup {} could not be read", name);
    const auto newest = newest_proven(backup);
    if (!newest) return fmt::format("no copy of backup {} is proven", name);
    if (*newest > now) return fmt::format("the newest copy of backup {} is from the future", name);
    if (now - *newest > backup.value(metric::backup_max_age_seconds).value_or(0))
        return fmt::format("the newest copy of backup {} is {} old", name,
                           format_duration(now - *newest));
    if (backup.value(metric::backup_incomplete) == 1.0)
        return fmt::format("the newest copy of backup {} is incomplete", name);
    const auto size = backup.value(metric::backup_size_bytes);
    if (const auto least = backup.value(metric::backup_min_size_bytes);
        least && size.value_or(0) < *least)
        return fmt::format("the newest copy of backup {} is too small", name);
    const std::string_view domain = backup.label(metric::backup_failure_domain, "domain");
    if (domain == "same-drive" || domain == "same-filesystem")
        return fmt::format("the copies of backup {} are on the same drives", name);
    if (place_of(backup).empty())
        return fmt::format("where the copies of backup {} lie is not known", name);
    return {};
}

struct Restorable {
    bool proven = false;
    std::string text;  // the newest proven backup, or what is wrong with each
};

Restorable restorable(const Facts& facts, const Subject& filesystem, Timestamp now) {
    const Subject* best = nullptr;
    std::string doubts;
    for (const Observation* one : filesystem.observations) {
        if (one->metric != &metric::filesystem_backup) continue;
        const Subject* backup = facts.find(SubjectKind::backup, one->label("backup"));
        if (!backup) continue;
        const std::string doubt = doubt_of(*backup, now);
        if (!doubt.empty())
            doubts += (doubts.empty() ? "" : "; ") + doubt;
        else if (!best || newest_proven(*backup) > newest_proven(*best))
            best = backup;
    }
    if (!best) return {false, doubts.empty() ? "no backup covers it" : doubts};
    return {true, fmt::format("{} is {} old, {}", harmless(best->id),
                              format_duration(now - *newest_proven(*best)), place_of(*best))};
}

void judge_filesystem(const Facts& facts, const Subject& filesystem, bool at_stake, Timestamp now,
                      Preflight& result) {
    const std::string point = harmless(filesystem.id);
    const Restorable found = restorable(facts, filesystem, now);
    if (found.proven)
        result.notes.push_back(fmt::format("newest proven backup of {}: {}", point, found.text));
    else if (at_stake)
        result.forbid(
            fmt::format("if the rebuild fails, {} cannot be restored: {}", point, found.text),
            fmt::format("Back up {} to another host, and look that it arrived.", point));
    else
        result.notes.push_back(fmt::format("no proven backup of {}: {}", point, found.text));
}

}  // namespace

void judge_backups(const Facts& facts, const Subject& drive, const std::vector<JudgedArray>& arrays,
                   Timestamp now, Preflight& result) {
    std::set<std::string_view> asked;
    for (const Observation* use : drive.observations) {
        const std::string_view name = use->label("name");
        if (use->metric != &metric::drive_use || name.empty() || !asked.insert(name).second)
            continue;
        const auto array = std::ranges::find(arrays, use->label("array"), &JudgedArray::id);
        const bool at_stake = array != arrays.end() && array->at_stake;
        const Subject* filesystem =
            use->label("use") == "filesystem" ? facts.find(SubjectKind::filesystem, name) : nullptr;
        if (filesystem) {
            // Absent: nothing there is worth a backup, or it holds the backups.
            if (filesystem->value(metric::filesystem_backed_up))
                judge_filesystem(facts, *filesystem, at_stake, now, result);
        } else if (at_stake && use->label("use") != "swap") {
            result.lack(fmt::format("whether a backup has what is on {}", harmless(name)), "");
        }
    }
}

}  // namespace lastgood
