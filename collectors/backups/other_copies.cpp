#include "collectors/backups/other_copies.hpp"

#include <algorithm>
#include <string_view>

#include "collectors/backups/state.hpp"
#include "core/backup_plan.hpp"
#include "core/good_copies.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

// Dumps, and what a database's own tool makes.
bool may_be_of_database(BackupKind kind) {
    return kind == BackupKind::files || kind == BackupKind::pgbackrest ||
           kind == BackupKind::barman || kind == BackupKind::mariabackup;
}

}  // namespace

void OtherCopies::find_places() {
    if (std::exchange(found_, true)) return;
    for (const CoveredPath& path : covered_paths(host_, topology_, backups_))
        covered_[path.backup].push_back(path.place);
    for (const Backup& backup : backups_) {
        auto& place = places_.emplace_back();
        if (backup.location.empty() || !has_copies_at_location(backup.kind)) continue;
        Place found = find_place(host_, topology_, fixed_location(backup));
        // Of a disk that is not there now only its place is seen, on another disk.
        if (found.exists && check_mounted(host_, found.path)) place = std::move(found);
    }
}

bool OtherCopies::is_elsewhere(size_t other, const std::vector<Place>& sources) {
    const auto& place = places_[other];
    return place && std::ranges::all_of(sources, [&](const Place& source) {
               const auto [known, is_new] =
                   domains_.try_emplace({place->mount, source.mount}, FailureDomain::unknown);
               if (is_new) known->second = failure_domain(host_, topology_, *place, source);
               return known->second == FailureDomain::same_host ||
                      known->second == FailureDomain::off_host;
           });
}

bool OtherCopies::has_all(const Backup& other, const std::vector<Place>& places) const {
    const auto covered = covered_.find(&other);
    return covered != covered_.end() && std::ranges::all_of(places, [&](const Place& place) {
               return std::ranges::any_of(covered->second, [&](const Place& path) {
                   return coverage_of(place, false, path, other.crosses_mounts).extent ==
                          Extent::whole;
               });
           });
}

bool OtherCopies::is_copy_of(const Backup& other, const std::string& name) const {
    const Backup* hop = &other;
    for (int hops = 0; hops < most_hops && !hop->copy_of.empty(); ++hops) {
        if (hop->copy_of == name) return true;
        const auto original = std::ranges::find(backups_, hop->copy_of, &Backup::name);
        if (original == backups_.end()) return false;
        hop = &*original;
    }
    return false;
}

std::vector<const Backup*> OtherCopies::of(const Backup& backup,
                                           const std::vector<Place>& sources) {
    std::vector<const Backup*> others;
    if (sources.empty()) return others;
    find_places();
    std::vector<Place> copies;
    for (size_t i = 0; i < backups_.size(); ++i)
        if (backups_[i].name == backup.name && places_[i]) copies.push_back(*places_[i]);
    for (size_t i = 0; i < backups_.size(); ++i) {
        const Backup& other = backups_[i];
        if (other.name == backup.name || !is_elsewhere(i, sources)) continue;
        const bool alike = !may_be_of_database(backup.kind) || may_be_of_database(other.kind);
        if (is_copy_of(other, backup.name) || (!copies.empty() && has_all(other, copies)) ||
            (alike && has_all(other, sources)))
            others.push_back(&other);
    }
    return others;
}

namespace {

// A copy that does not last, or lacks something, is none.
bool is_good(const GoodCopies& copies, std::string_view name) {
    const auto found = copies.backups().find(name);
    return found != copies.backups().end() && found->second.value(metric::backup_ephemeral) != 1 &&
           copies.of(name) == GoodCopies::Good::yes;
}

}  // namespace

void derive_copied_elsewhere(const Knowledge& knowledge, Sink& sink) {
    const GoodCopies copies(knowledge.observations, knowledge.now);
    std::map<std::string_view, bool> copied;
    for (const Observation& one : knowledge.observations)
        if (one.metric == &metric::backup_also_in)
            copied[one.subject] = copied[one.subject] || is_good(copies, one.label("other"));
    for (const auto& [backup, is_copied] : copied)
        sink.observe(metric::backup_copied_elsewhere, std::string(backup), is_copied ? 1 : 0,
                     knowledge.now);
}

}  // namespace lastgood
