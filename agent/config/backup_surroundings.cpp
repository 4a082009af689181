#include "agent/config/backup_surroundings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/coverage.hpp"
#include "core/similar.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_named = 5;  // streams

// "vm1, vm2 and 3 more".
std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), most_named); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > most_named) text += fmt::format(" and {} more", names.size() - most_named);
    return text;
}

std::vector<std::string> streams_in(const Report& report, const std::string& backup) {
    std::set<std::string> names;
    for (const Observation& one : report.observations)
        if (one.metric->subject == SubjectKind::backup && one.subject.size() > backup.size() + 1 &&
            one.subject.starts_with(backup) && one.subject[backup.size()] == '/')
            names.insert(one.subject.substr(backup.size() + 1));
    return {names.begin(), names.end()};
}

// Its copies are on the filesystem of their source by their nature, as everybody knows who makes
// them.
bool shares_filesystem_always(BackupKind kind) {
    return kind == BackupKind::snapper || kind == BackupKind::lvm;
}

}  // namespace

BackupCheck::BackupCheck(const Host& host, const Config& config, LookAtPath look)
    : host_(host), config_(config), look_(std::move(look)) {
    if (const auto mounts = host.read("/proc/self/mountinfo"))
        topology_.mounts = parse_mountinfo(*mounts);
    const bool asks =
        std::ranges::any_of(config.backups, [](const Backup& one) { return one.plan.has_slots(); });
    if (!asks) return;
    if (auto report = read_report(host.root() + report_path(config))) report_ = std::move(*report);
}

std::string BackupCheck::what_is_wrong(const ConfigUse& use) const {
    if (use.backup >= config_.backups.size()) return {};
    const Backup& backup = config_.backups[use.backup];
    if (use.need == ConfigNeed::copies) return check_kind(backup);
    if (use.need == ConfigNeed::covered) return check_covered(backup, use.value);
    return use.need == ConfigNeed::stream ? check_stream(backup, use.value) : "";
}

std::string BackupCheck::check_kind(const Backup& backup) const {
    std::string directory = fixed_location(backup);
    while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
    if (directory.empty()) return {};
    bool hangs = false;
    const auto is_there = [&](std::string_view name) {
        if (name.empty() || hangs) return !hangs;
        const auto status = look_(fmt::format("{}/{}", directory, name));
        hangs = !status && status.error().kind == ErrorKind::timed_out;
        return status.has_value();
    };
    std::string_view other;
    for (const BackupKindRow& row : backup_kinds()) {
        if (row.marks.front().empty() || !std::ranges::all_of(row.marks, is_there)) continue;
        if (row.kind == backup.kind) return {};
        if (other.empty()) other = row.key;
    }
    if (other.empty()) return {};
    return fmt::format("{0} holds what {1} makes: write {1} = \"{0}\"", directory, other);
}

std::string BackupCheck::check_covered(const Backup& backup, const std::string& path) const {
    const NamedPlace source = find_covered(host_, topology_, config_.backups, backup, path);
    if (source.link)
        return fmt::format(
            "{0} counts for nothing: a link leads to {1}, and most tools store the link alone; let "
            "the job back up {2}, and write covers = [\"{2}\"]",
            path, *source.link, source.place.path);
    if (!has_copies_at_location(backup.kind) || shares_filesystem_always(backup.kind)) return {};
    const Place copies = find_place(host_, topology_, fixed_location(backup));
    if (source.place.mount == nullptr || copies.mount == nullptr || !source.place.exists ||
        !copies.exists || source.place.mount->number != copies.mount->number)
        return {};
    return fmt::format(
        "{} is on the filesystem of its copies, {}: one failure takes both; let copies go to "
        "another drive or host, too, and name them: copies = [{{on = \"/mnt/nas/{}\"}}]",
        path, copies.mount->point, backup.name);
}

std::string BackupCheck::check_stream(const Backup& backup, const std::string& name) const {
    if (!report_) return {};
    const auto known = streams_in(*report_, backup.name);
    const auto is_known = [&](const std::string& stream) {
        return name == stream || name == backup.name + "/" + stream;
    };
    if (known.empty() || std::ranges::any_of(known, is_known)) return {};
    const auto meant = most_similar(name, known);
    return fmt::format("slots: {} has no stream \"{}\" until now; {}", backup.name, name,
                       meant.empty() ? fmt::format("it has {}", joined(known))
                                     : fmt::format("did you mean {}?", meant));
}

}  // namespace lastgood
