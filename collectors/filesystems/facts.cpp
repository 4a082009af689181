#include "collectors/filesystems/facts.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/text.hpp"

namespace lastgood {

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

namespace {

bool covers(const std::string& path, const Mount& mount, const Topology& topology) {
    if (lies_below(mount.point, path)) return true;
    const Mount* below = topology.mount_of(path);
    if (below == nullptr) return false;
    const bool same_subvolume = mount.type != "btrfs" || lies_below(below->root, mount.root);
    return below->point == mount.point || (below->number == mount.number && same_subvolume);
}

}  // namespace

std::vector<std::string> backups_of(const Mount& mount, const Topology& topology,
                                    const std::vector<Backup>& backups) {
    std::vector<std::string> names;
    for (const Backup& backup : backups)
        if (std::ranges::any_of(backup.covers, [&](const std::string& path) {
                return covers(path, mount, topology);
            }))
            names.push_back(backup.name);
    return names;
}

std::optional<std::string> backup_waived(std::string_view point,
                                         const std::vector<std::string>& not_backed_up) {
    for (std::string_view entry : not_backed_up) {
        if (entry == point) return "";
        if (entry.starts_with(point) && entry.substr(point.size()).starts_with(": "))
            return std::string(trim(entry.substr(point.size() + 2)));
    }
    return std::nullopt;
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
