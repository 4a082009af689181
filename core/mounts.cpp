#include "core/mounts.hpp"

#include <algorithm>
#include <map>

#include "core/filesystem_kind.hpp"
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

}  // namespace lastgood
