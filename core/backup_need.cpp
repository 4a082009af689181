#include "core/backup_need.hpp"

#include <algorithm>
#include <array>

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

bool is_for_backups(const Mount& mount, const Topology& topology,
                    const std::vector<Backup>& backups, const std::vector<CoveredPath>& covered) {
    constexpr std::array<std::string_view, 8> of_data = {"/",    "/home", "/root",    "/srv",
                                                         "/opt", "/var",  "/var/lib", "/var/www"};
    if (contains(of_data, mount.point)) return false;
    const auto lies_here = [&](const Mount* other) {
        return other != nullptr && other->point == mount.point;
    };
    if (std::ranges::any_of(covered, [&](const CoveredPath& path) {
            return path.place.exists && lies_here(path.place.mount);
        }))
        return false;
    return std::ranges::any_of(backups, [&](const Backup& backup) {
        return has_copies_at_location(backup.kind) &&
               lies_here(topology.mount_of(fixed_location(backup)));
    });
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

}  // namespace lastgood
