#include "collectors/filesystems/facts.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/text.hpp"

namespace lastgood {

namespace {

// The value of "subvol=/@home".
std::string_view option_value(const std::vector<std::string>& options, std::string_view name) {
    for (const std::string& option : options)
        if (option.size() > name.size() && option.starts_with(name) && option[name.size()] == '=')
            return std::string_view(option).substr(name.size() + 1);
    return {};
}

// Whether `a` shows more of the filesystem than `b`.
bool is_wider(const Mount& a, const Mount& b) {
    if (a.root.size() != b.root.size()) return a.root.size() < b.root.size();
    return false;  // the earlier one
}

}  // namespace

std::vector<const Mount*> select_mounts(const std::vector<Mount>& mounts,
                                        std::string_view proc_filesystems) {
    std::map<std::string_view, const Mount*> visible;  // by mount point: the last mount
    for (const Mount& mount : mounts) visible[mount.point] = &mount;
    std::map<std::string, const Mount*> chosen;  // by filesystem
    for (const Mount& mount : mounts) {
        if (visible[mount.point] != &mount) continue;
        const FilesystemKind kind = filesystem_kind(mount.type, proc_filesystems);
        if (kind == FilesystemKind::none) continue;
        std::string key = mount.number;
        if (mount.type == "btrfs") {
            const std::string_view subvolume = option_value(mount.super_options, "subvol");
            if (!subvolume.empty() && subvolume != mount.root)
                continue;  // a bind mount of a directory in the subvolume
            key += ' ' + mount.root;
        } else if (kind == FilesystemKind::network) {
            key += ' ' + mount.root;  // exports of one server can share a device number
        }
        auto [known, added] = chosen.emplace(key, &mount);
        if (!added && is_wider(mount, *known->second)) known->second = &mount;
    }
    std::vector<const Mount*> selected;
    for (const Mount& mount : mounts)
        if (std::any_of(chosen.begin(), chosen.end(),
                        [&](const auto& entry) { return entry.second == &mount; }))
            selected.push_back(&mount);
    return selected;
}

bool read_only_intended(const Mount& mount, const std::vector<FstabEntry>& fstab) {
    if (contains(mount.super_options, "emergency_ro") || contains(mount.super_options, "shutdown"))
        return false;
    if (const FstabEntry* entry = find_fstab_entry(fstab, mount.point)) return entry->read_only();
    return contains(mount.options, "ro");
}

bool is_boot_filesystem(const Mount& mount) {
    return mount.point == "/boot" || mount.point.starts_with("/boot/") || mount.point == "/efi" ||
           (mount.type == "vfat" && contains(mount.point, "/efi"));
}

bool is_ephemeral_model(std::string_view model) {
    if (model.starts_with("Microsoft NVMe Direct Disk")) return true;
    if (model.starts_with("Amazon EC2 NVMe Instance Storage")) return true;
    return model.starts_with("nvme_card") && model != "nvme_card-pd";
}

bool is_backed_up(const Mount& mount, const Topology& topology,
                  const std::vector<Backup>& backups) {
    for (const Backup& backup : backups)
        for (const std::string& path : backup.covers) {
            if (lies_below(mount.point, path)) return true;
            const Mount* below = topology.mount_of(path);
            if (below == nullptr) continue;
            const bool same_subvolume =
                mount.type != "btrfs" || lies_below(below->root, mount.root);
            if (below->point == mount.point || (below->number == mount.number && same_subvolume))
                return true;
        }
    return false;
}

bool holds_backups(const Mount& mount, const Topology& topology,
                   const std::vector<Backup>& backups) {
    if (mount.point == "/") return false;
    for (const Backup& backup : backups) {
        if (!backup.location.starts_with('/')) continue;
        const Mount* below = topology.mount_of(backup.location);
        if (below != nullptr && below->point == mount.point) return true;
    }
    return false;
}

double parse_btrfs_errors(std::string_view text) {
    double sum = 0;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const size_t blank = line.rfind(' ');
        if (blank == std::string_view::npos) continue;
        if (const auto count = parse_number<uint64_t>(line.substr(blank + 1)))
            sum += static_cast<double>(*count);
    }
    return sum;
}

}  // namespace lastgood
