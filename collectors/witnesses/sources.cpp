#include "collectors/witnesses/sources.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "collectors/witnesses/parse/counters.hpp"
#include "core/descriptor.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

namespace {

// FS_IOC_GETFSUUID, Linux 6.9, include/uapi/linux/fs.h.
struct KernelUuid {
    uint8_t length;
    std::array<uint8_t, 16> bytes;
};
constexpr unsigned long get_uuid = _IOR(0x15, 0, KernelUuid);

std::string uuid_from_kernel(const Host& host, const std::string& point) {
    auto opened = host.open(point, O_DIRECTORY);
    if (!opened) return {};
    const Descriptor directory(*opened);
    KernelUuid uuid{};
    if (::ioctl(directory.get(), get_uuid, &uuid) != 0 || uuid.length != uuid.bytes.size())
        return {};
    std::string text;
    for (size_t i = 0; i < uuid.bytes.size(); ++i)
        text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                            uuid.bytes[i]);
    return text;
}

}  // namespace

std::string filesystem_uuid(const Host& host, const Topology& topology, const Mount& mount) {
    const BlockDevice* device =
        topology.device(mount.type == "btrfs" ? mount.source : mount.number);
    if (device != nullptr) {
        const auto btrfs = topology.btrfs_uuids.find(device->name);
        if (btrfs != topology.btrfs_uuids.end()) return btrfs->second;
        std::string known = read_udev_record(host, device->number).property("ID_FS_UUID");
        if (!known.empty()) return known;
    }
    return host.recorded() ? "" : uuid_from_kernel(host, mount.point);
}

std::map<std::string, Sighting> sightings_of(const Host& host, const Topology& topology,
                                             const Mount& mount) {
    std::map<std::string, Sighting> found;
    const auto add = [&](const char* witness, std::optional<Sighting> sighting) {
        if (!sighting) return;
        sighting->at = host.now();
        found.emplace(witness, *sighting);
    };
    const BlockDevice* device =
        topology.device(mount.type == "btrfs" ? mount.source : mount.number);
    if (device == nullptr) return found;
    if (mount.type == "ext4" || mount.type == "ext3") {
        const std::string directory = "/sys/fs/ext4/" + device->name;
        const auto lifetime = host.read(directory + "/lifetime_write_kbytes");
        const auto session = host.read(directory + "/session_write_kbytes");
        if (lifetime && session) add("lifetime_writes", ext4_sighting(*lifetime, *session));
    } else if (mount.type == "xfs") {
        if (const auto head = host.read("/sys/fs/xfs/" + device->name + "/log/log_head_lsn"))
            add("log", xfs_sighting(*head));
    } else if (mount.type == "btrfs") {
        const auto uuid = topology.btrfs_uuids.find(device->name);
        if (uuid == topology.btrfs_uuids.end()) return found;
        if (const auto generation = host.read("/sys/fs/btrfs/" + uuid->second + "/generation"))
            add("generation", btrfs_sighting(*generation));
    }
    return found;
}

bool is_still_mounted(const std::vector<Mount>& later, const Mount& mount) {
    return std::ranges::any_of(later, [&](const Mount& one) {
        // The kernel gives a free id and a free device away at once; not so soon to the same place.
        return one.id == mount.id && one.number == mount.number && one.point == mount.point;
    });
}

bool was_put_away(const Host& host, const std::string& device, const std::string& uuid) {
    return host.exists("/sys/class/block/" + device) && !host.exists("/sys/fs/ext4/" + device) &&
           !host.exists("/sys/fs/xfs/" + device) && !host.exists("/sys/fs/btrfs/" + uuid);
}

}  // namespace lastgood
