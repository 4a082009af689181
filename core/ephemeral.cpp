#include "core/ephemeral.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/filesystem_kind.hpp"
#include "core/text.hpp"

namespace lastgood {

bool is_ephemeral_model(std::string_view model) {
    if (model.starts_with("Microsoft NVMe Direct Disk")) return true;
    if (model.starts_with("Amazon EC2 NVMe Instance Storage")) return true;
    return model.starts_with("nvme_card") && model != "nvme_card-pd";
}

std::set<std::string> ephemeral_drives(const Host& host, const Topology& topology) {
    std::set<std::string> ephemeral;
    const auto add = [&](const std::string& link) {
        const auto target = host.read_link(link);
        if (!target) return;
        for (const std::string& drive : topology.drives_under(last_component(*target)))
            ephemeral.insert(drive);
    };
    add("/dev/disk/azure/resource");
    for (const auto& [directory, prefix] :
         {std::pair{"/dev/disk/cloud", "azure_resource"},
          std::pair{"/dev/disk/by-id", "google-local-nvme-ssd-"}}) {
        const auto names = host.list(directory);
        if (!names) continue;
        for (const std::string& name : *names)
            if (name.starts_with(prefix)) add(fmt::format("{}/{}", directory, name));
    }
    for (const auto& [id, drive] : topology.drives)
        if (is_ephemeral_model(drive.model)) ephemeral.insert(id);
    return ephemeral;
}

namespace {

// By a mount of the filesystem that shows its root.
bool says_that_it_is_lost(const Host& host, const Topology& topology, const Mount& filesystem) {
    return std::ranges::any_of(topology.mounts, [&](const Mount& mount) {
        return mount.number == filesystem.number && mount.type == filesystem.type &&
               topology.mount_of(mount.point) == &mount &&  // not hidden by another one
               host.exists(fmt::format("{}/{}", mount.point, loss_warning));
    });
}

}  // namespace

bool lies_on_ephemeral_disk(const Host& host, const Topology& topology, const Mount& mount,
                            const std::set<std::string>& ephemeral_drives) {
    const Foundation foundation = topology.foundation_of(mount);
    if (foundation.in_memory) return true;
    for (const Mount* below : foundation.mounts) {
        if (below->type == "tmpfs" || below->type == "ramfs") return true;
        if (filesystem_kind(below->type, "") == FilesystemKind::network) return false;
        if (says_that_it_is_lost(host, topology, *below)) return true;
    }
    return std::ranges::any_of(
        foundation.drives, [&](const std::string& id) { return ephemeral_drives.contains(id); });
}

}  // namespace lastgood
