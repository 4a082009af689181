#include "core/relations.hpp"

#include <algorithm>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"

namespace lastgood {

namespace {

std::vector<const Subject*> linked(
    const std::map<const Subject*, std::vector<const Subject*>>& links, const Subject& subject) {
    const auto found = links.find(&subject);
    return found == links.end() ? std::vector<const Subject*>{} : found->second;
}

}  // namespace

Relations::Relations(const Facts& facts) {
    add_members(facts);
    add_filesystems(facts);
    add_uses(facts);
    for (const Subject* array : facts.of(SubjectKind::array))
        arrays_by_device_.emplace(array->label(metric::array_info, "device"), array);
    for (const Subject* filesystem : facts.of(SubjectKind::filesystem)) {
        if (arrays_under(*filesystem).empty()) add_array(*filesystem);
    }
}

void Relations::add_once(Links& links, const Subject* from, const Subject* to) {
    if (linked_.emplace(from, to).second) links[from].push_back(to);
}

void Relations::add_members(const Facts& facts) {
    for (const Subject* array : facts.of(SubjectKind::array)) {
        // Several places of an array may name the same drive and device only if both are empty.
        std::map<std::pair<std::string_view, std::string_view>, size_t> places;
        for (const Observation* one : array->observations) {
            const auto key = std::pair(one->label("drive"), one->label("device"));
            if (one->metric == &metric::array_member) {
                const Subject* drive =
                    key.first.empty() ? nullptr : facts.find(SubjectKind::drive, key.first);
                places[key] = members_.size();
                members_of_[array].push_back(members_.size());
                if (drive != nullptr) members_of_[drive].push_back(members_.size());
                members_.push_back({.array = array, .drive = drive, .member = one});
            }
        }
        for (const Observation* one : array->observations) {
            const auto place = places.find({one->label("drive"), one->label("device")});
            if (place == places.end()) continue;
            Membership& member = members_[place->second];
            if (one->metric == &metric::array_member_fatal) member.fatal = one->value != 0;
            if (one->metric == &metric::array_member_errors_total) member.errors = one->value;
            if (one->metric == &metric::array_member_bad_blocks) member.bad_blocks = one->value;
        }
        std::ranges::stable_sort(members_of_[array], [&](size_t a, size_t b) {
            const auto slot = [&](size_t i) { return members_[i].member->label("slot"); };
            const bool spare_a = slot(a).empty(), spare_b = slot(b).empty();
            return spare_a != spare_b ? spare_b : natural_less(slot(a), slot(b));
        });
    }
}

void Relations::add_filesystems(const Facts& facts) {
    for (const Subject* filesystem : facts.of(SubjectKind::filesystem)) {
        for (const Observation* one : filesystem->observations) {
            if (one->metric == &metric::filesystem_drive) {
                const Subject* drive = facts.find(SubjectKind::drive, one->label("drive"));
                if (drive != nullptr) link(drive, filesystem);
            }
            if (one->metric == &metric::filesystem_backup) {
                const Subject* backup = facts.find(SubjectKind::backup, one->label("backup"));
                if (backup == nullptr) continue;
                add_once(backups_, filesystem, backup);
                add_once(covered_, backup, filesystem);
            }
        }
    }
}

// What the drives themselves say about what stands on them.
void Relations::add_uses(const Facts& facts) {
    for (const Subject* drive : facts.of(SubjectKind::drive)) {
        for (const Observation* one : drive->observations) {
            if (one->metric != &metric::drive_use) continue;
            const Subject* filesystem = facts.find(SubjectKind::filesystem, one->label("name"));
            const Subject* array = facts.find(SubjectKind::array, one->label("array"));
            if (one->label("use") != "filesystem" || filesystem == nullptr) continue;
            link(drive, filesystem);
            if (array != nullptr) link(array, filesystem);
        }
    }
}

void Relations::link(const Subject* below, const Subject* filesystem) {
    add_once(filesystems_, below, filesystem);
    add_once(below->kind == SubjectKind::drive ? drives_ : arrays_, filesystem, below);
}

namespace {

// Whether the filesystem is on another partition of the drive than the one that the array has.
bool is_beside(const Subject& filesystem, const Membership& membership) {
    const std::string_view drive = membership.drive->label(metric::drive_info, "device");
    const std::string_view member = membership.member->label("device");
    if (drive.empty() || !member.starts_with(drive)) return false;  // a device of dm
    bool beside = false;
    for (const Observation* one : membership.drive->observations) {
        if (one->metric != &metric::drive_use || one->label("use") != "filesystem" ||
            one->label("name") != filesystem.id)
            continue;
        if (one->label("device") == member) return false;
        beside = beside || one->label("device").starts_with(drive);
    }
    return beside;
}

}  // namespace

// The array under a filesystem that no drive tells: by the device's name, or because it is the only
// one that all its drives are members of.
void Relations::add_array(const Subject& filesystem) {
    const std::string_view device = filesystem.label(metric::filesystem_info, "device");
    const auto named = arrays_by_device_.find(device);
    if (!device.empty() && named != arrays_by_device_.end())
        return link(named->second, &filesystem);
    const auto drives = drives_under(filesystem);
    if (drives.empty()) return;
    const auto is_under = [&](const Subject* array, const Subject* drive) {
        return std::ranges::any_of(memberships_of(*drive), [&](const Membership* membership) {
            return membership->array == array && !is_beside(filesystem, *membership);
        });
    };
    std::set<const Subject*> around;
    for (const Membership* membership : memberships_of(*drives.front()))
        if (!around.contains(membership->array) &&
            std::ranges::all_of(
                drives, [&](const Subject* drive) { return is_under(membership->array, drive); }))
            around.insert(membership->array);
    if (around.size() == 1) link(*around.begin(), &filesystem);
}

std::vector<const Membership*> Relations::members_of(const Subject& array) const {
    std::vector<const Membership*> result;
    const auto found = members_of_.find(&array);
    if (found == members_of_.end()) return result;
    for (const size_t index : found->second) result.push_back(&members_[index]);
    return result;
}

std::vector<const Membership*> Relations::memberships_of(const Subject& drive) const {
    return members_of(drive);
}

std::vector<const Subject*> Relations::drives_under(const Subject& filesystem) const {
    return linked(drives_, filesystem);
}

std::vector<const Subject*> Relations::arrays_under(const Subject& filesystem) const {
    return linked(arrays_, filesystem);
}

std::vector<const Subject*> Relations::filesystems_on(const Subject& drive_or_array) const {
    return linked(filesystems_, drive_or_array);
}

std::vector<const Subject*> Relations::backups_of(const Subject& filesystem) const {
    return linked(backups_, filesystem);
}

std::vector<const Subject*> Relations::covered_by(const Subject& backup) const {
    return linked(covered_, backup);
}

}  // namespace lastgood
