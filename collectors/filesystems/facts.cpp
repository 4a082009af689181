#include "collectors/filesystems/facts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/coverage.hpp"
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

constexpr size_t most_parts = 5;  // named of one backup

void add_part(CoveringBackup& found, const std::string& part, size_t number) {
    if (number < most_parts)
        found.part += (found.part.empty() ? "" : ", ") + part;
    else if (number == most_parts)
        found.part += " and more";
}

}  // namespace

std::vector<CoveringBackup> backups_of(const Mount& mount, bool ephemeral,
                                       const std::vector<CoveredPath>& covered) {
    std::vector<CoveringBackup> found;
    size_t parts = 0;
    bool whole = false;
    const Backup* last = nullptr;
    for (const CoveredPath& path : covered) {
        const Coverage coverage =
            coverage_of(mount, ephemeral, path.place, path.backup->crosses_mounts);
        if (coverage.extent == Extent::none) continue;
        if (path.backup != last) {
            found.push_back({path.backup->name, ""});
            parts = 0;
            whole = false;
        }
        last = path.backup;
        whole = whole || coverage.extent == Extent::whole;
        if (whole)
            found.back().part.clear();
        else
            add_part(found.back(), coverage.part, parts++);
    }
    return found;
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
