#include "core/preflight_backups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

// Where the copies lie, seen from what they cover; "" if that is not known.
std::string_view place_of(const Subject& backup) {
    const std::string_view domain = backup.label(metric::backup_failure_domain, "domain");
    if (domain == "same-host") return "on another drive of this host";
    return domain == "off-host" ? "off this host" : "";
}

// Why the backup is no proof that the data could be restored without the drive; "" if it is one.
std::string doubt_of(const Judge& judge, const Subject& backup) {
    const std::string name = harmless(backup.id);
    switch (copy_state(backup, judge.now())) {
        case CopyState::fresh:
            break;
        case CopyState::stale:
            return fmt::format("the newest copy of backup {} is {} old", name,
                               format_duration(judge.now() - newest_copy(backup)->value));
        case CopyState::from_future:
            return fmt::format("the newest copy of backup {} is from the future", name);
        case CopyState::unreadable:
            return fmt::format("backup {} could not be read", name);
        case CopyState::gone:
            return fmt::format("the copies of backup {} are gone", name);
        case CopyState::never:
        case CopyState::unproven:
        case CopyState::unknown:
            return fmt::format("no copy of backup {} is proven", name);
        case CopyState::no_limit:
            return fmt::format("how old the newest copy of backup {} may be is not known", name);
        case CopyState::incomplete:
            return fmt::format("the newest copy of backup {} is incomplete", name);
        case CopyState::too_small:
            return fmt::format("the newest copy of backup {} is too small", name);
        case CopyState::unknown_size:
            return fmt::format("the size of the newest copy of backup {} is not known", name);
    }
    const std::string_view domain = backup.label(metric::backup_failure_domain, "domain");
    if (domain == "same-drive" || domain == "same-filesystem")
        return fmt::format("the copies of backup {} are on the same drives", name);
    if (place_of(backup).empty())
        return fmt::format("where the copies of backup {} lie is not known", name);
    const Judgement own = judge.own(backup);
    if (own.health != Health::fine)
        return fmt::format("backup {}: {}", name, own.reasons.front().text);
    return {};
}

struct Restorable {
    bool proven = false;
    std::string text;  // the newest proven backup, or what is wrong with each
    // Not proven for today: the newest backup that is only too old; nullptr: there is none.
    const Subject* old = nullptr;
};

Restorable restorable(const Judge& judge, const std::vector<const Subject*>& backups) {
    const auto newer = [](const Subject* best, const Subject& backup) {
        return best == nullptr || newest_copy(backup)->value > newest_copy(*best)->value;
    };
    const Subject *best = nullptr, *old = nullptr;
    std::string doubts;
    for (const Subject* backup : backups) {
        const std::string doubt = doubt_of(judge, *backup);
        if (doubt.empty() && newer(best, *backup)) best = backup;
        if (doubt.empty()) continue;
        doubts += (doubts.empty() ? "" : "; ") + doubt;
        if (copy_state(*backup, judge.now()) == CopyState::stale && newer(old, *backup))
            old = backup;
    }
    if (!best) return {false, doubts.empty() ? "no backup covers it" : doubts, old};
    const Seconds age = judge.now() - newest_copy(*best)->value;
    return {true,
            fmt::format("{} is {} old, {}", harmless(best->id), format_duration(std::max(age, 0.0)),
                        place_of(*best)),
            nullptr};
}

// `what`: the filesystem, or the data, as people call it.
void judge_copies_of(const Judge& judge, const std::string& what, const Restorable& found,
                     bool at_stake, Preflight& result) {
    const std::string step =
        fmt::format("Back up {} to another host, and look that it arrived.", what);
    if (found.proven)
        result.notes.push_back(fmt::format("newest proven backup of {}: {}", what, found.text));
    else if (at_stake && found.old != nullptr)
        result.forbid(fmt::format("the newest proven backup of {} is {} old ({})", what,
                                  format_duration(judge.now() - newest_copy(*found.old)->value),
                                  harmless(found.old->id)),
                      step);
    else if (at_stake)
        result.forbid(
            fmt::format("if the rebuild fails, {} cannot be restored: {}", what, found.text), step);
    else
        result.notes.push_back(fmt::format("no proven backup of {}: {}", what, found.text));
}

// Databases and other data on the filesystem: a backup of the filesystem may leave them out.
void judge_data_on(const Judge& judge, const Subject& filesystem, Preflight& result) {
    for (const Subject* data : judge.facts().of(SubjectKind::data)) {
        if (data->id == filesystem.id || !data->value(metric::data_backed_up) ||
            data->label(metric::data_info, "filesystem") != filesystem.id ||
            data->first(metric::data_backup_waived) != nullptr ||
            elsewhere_until(*data, judge.now()))
            continue;
        std::vector<const Subject*> backups;
        for (const Observation* one : data->observations)
            // Copies of the files of a running database are no copies of it.
            if (one->metric == &metric::data_backup &&
                !(one->label("content") == "files" &&
                  data->value(metric::data_server_running) == 1.0))
                if (const Subject* backup =
                        judge.facts().find(SubjectKind::backup, one->label("backup")))
                    backups.push_back(backup);
        Restorable found = restorable(judge, backups);
        if (found.proven && data->value(metric::data_partly_backed_up) == 1.0)
            found = {false, "the backups have only a part of it", nullptr};
        if (!found.proven)
            judge_copies_of(judge, harmless(data->label(metric::data_info, "path")), found, true,
                            result);
    }
}

void judge_filesystem(const Judge& judge, const Subject& filesystem, bool at_stake,
                      Preflight& result) {
    judge_copies_of(judge, harmless(filesystem.id),
                    restorable(judge, judge.relations().backups_of(filesystem)), at_stake, result);
}

// Errors that btrfs counted are of one of its drives; sysfs does not tell which.
void judge_errors(const Subject& filesystem, std::string_view array, Preflight& result) {
    const double errors = filesystem.value(metric::filesystem_kernel_errors_total).value_or(0);
    if (!array.starts_with("btrfs-") || errors <= 0) return;
    const std::string point = harmless(filesystem.id);
    result.lack(fmt::format("which drive's copies of {} are right: btrfs counted {}", point,
                            counted(errors, "error", "errors")),
                fmt::format("btrfs device stats {}", point));
}

// A filesystem that lastgood asks no backup of: boot files and backups can be made again, but what
// is read-only, or of a type that it does not know, may be all that there is.
void judge_without_backup(const Subject& filesystem, Preflight& result) {
    const std::string point = harmless(filesystem.id);
    const bool local = filesystem.first(metric::filesystem_ephemeral) != nullptr;
    if (filesystem.first(metric::filesystem_backup_waived))
        result.notes.push_back(
            fmt::format("no backup of {}: the configuration says that it needs none", point));
    else if (!local || filesystem.value(metric::filesystem_read_only_intended) == 1)
        result.lack(fmt::format("whether a backup has what is on {}", point),
                    fmt::format("See whether you could do without it: ls {}", point));
}

// The backups whose copies lie on the drive alone.
void judge_copies(const Judge& judge, const Subject& drive, Preflight& result) {
    if (!judge.relations().memberships_of(drive).empty()) return;
    std::vector<std::string> held;
    for (const Subject* backup : judge.facts().of(SubjectKind::backup)) {
        const bool lies_here =
            std::ranges::any_of(backup->observations, [&](const Observation* one) {
                return one->metric == &metric::backup_drive && one->label("drive") == drive.id;
            });
        if (lies_here) held.push_back(harmless(backup->id));
    }
    if (held.empty()) return;
    constexpr size_t named = 10;
    const size_t more = held.size() > named ? held.size() - named : 0;
    held.resize(held.size() - more);
    result.forbid(fmt::format("it holds the copies of {} {}{}: they are lost with it",
                              held.size() + more == 1 ? "backup" : "backups", fmt::join(held, ", "),
                              more > 0 ? fmt::format(" and {} more", more) : ""),
                  "");
}

}  // namespace

void judge_backups(const Judge& judge, const Subject& drive, const std::vector<JudgedArray>& arrays,
                   Preflight& result) {
    judge_copies(judge, drive, result);
    std::set<std::string_view> asked;
    for (const Observation* use : drive.observations) {
        const std::string_view name = use->label("name");
        if (use->metric != &metric::drive_use || name.empty() || !asked.insert(name).second)
            continue;
        const auto array = std::ranges::find(arrays, use->label("array"), &JudgedArray::id);
        const bool at_stake = array != arrays.end() && array->at_stake;
        const Subject* filesystem = use->label("use") == "filesystem"
                                        ? judge.facts().find(SubjectKind::filesystem, name)
                                        : nullptr;
        if (filesystem) {
            if (at_stake) judge_errors(*filesystem, use->label("array"), result);
            if (filesystem->value(metric::filesystem_backed_up))
                judge_filesystem(judge, *filesystem, at_stake, result);
            else if (at_stake)
                judge_without_backup(*filesystem, result);
            if (at_stake) judge_data_on(judge, *filesystem, result);
        } else if (at_stake && use->label("use") != "swap") {
            result.lack(fmt::format("whether a backup has what is on {}", harmless(name)), "");
        }
    }
}

}  // namespace lastgood
