#include "collectors/drives/find_uses.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/array_identity.hpp"
#include "core/mounts.hpp"
#include "core/text.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

std::string_view to_string(Use use) {
    switch (use) {
        case Use::filesystem:
            return "filesystem";
        case Use::swap:
            return "swap";
        case Use::volume:
            return "volume";
        case Use::content:
            return "content";
        case Use::volumes:
            return "volumes";
        case Use::boot:
            return "boot";
        case Use::none:
            return "none";
        case Use::unknown:
            return "unknown";
    }
    return "unknown";
}

namespace {

constexpr int depth_limit = 16;  // of stacked devices; ends the walk if the map has a cycle

constexpr std::string_view boot_partition = "boot loader";

// Types of partitions (UEFI specification; uapi-group.org's discoverable partitions; for MBR, the
// hexadecimal numbers of util-linux's include/pt-mbr-partnames.h).
constexpr std::array<std::string_view, 5> boot_types = {
    "21686148-6449-6e6f-744e-656564454649",  // BIOS boot, of GRUB
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",  // EFI system
    "9e1a2d38-c612-4316-aa26-8b49521e5a8b",  // PowerPC PReP boot
    "0xef", "0x41"};
// Types that say nothing about what is in the partition.
constexpr std::array<std::string_view, 6> general_types = {
    "0fc63daf-8483-4772-8e79-3d69d8477de4",  // Linux filesystem
    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",  // Microsoft basic data
    "0x83",
    "0x5",  // extended partitions: what is in them has partitions of its own
    "0xf",
    "0x85"};

// What udev's blkid found in a device: the type of its signature, else its type of partition.
// nullopt: it did not look, could not read, or found signatures that exclude each other; of a
// partition it then tells not even the entry in the table (systemd's udev-builtin-blkid.c).
std::optional<std::string> content_of(const UdevRecord& record, BlockKind kind) {
    if (record.properties.empty() || !record.property("ID_FS_AMBIVALENT").empty())
        return std::nullopt;
    const std::string partition = record.property("ID_PART_ENTRY_TYPE");
    if (contains(boot_types, std::string_view(partition))) return std::string(boot_partition);
    std::string type = record.property("ID_FS_TYPE");
    if (type.empty() && partition.empty() && kind == BlockKind::partition) return std::nullopt;
    if (!type.empty() || partition.empty() || contains(general_types, std::string_view(partition)))
        return type;
    return "partition type " + partition;
}

// The drive's place behind its controller: ".../target9:0:0"; "" if it has none.
std::string_view target_of(const Drive& drive) {
    const size_t at = drive.sysfs.find("/target");
    if (at == std::string::npos) return {};
    return std::string_view(drive.sysfs).substr(0, drive.sysfs.find('/', at + 1));
}

// Two units of one drive, which has an actuator for each: pulling one pulls both.
bool is_same_drive(const Drive& one, const Drive& other) {
    return &one != &other && !one.serial.empty() && one.serial == other.serial &&
           !target_of(one).empty() && target_of(one) == target_of(other) &&
           (one.transport == Transport::sas || one.transport == Transport::sata);
}

std::string display_name(const BlockDevice& device) {
    return device.dm_name.empty() ? "/dev/" + device.name : lvm_volume_name(device.dm_name);
}

class Walk {
  public:
    Walk(const Topology& topology, const UseSources& sources)
        : topology_(topology), sources_(sources) {
        for (const auto& [name, device] : topology.devices)
            for (const std::string& below : device.below) above_[below].push_back(&device);
        for (const Mount* mount : select_mounts(topology.mounts, sources.filesystems))
            for (const std::string& name : devices_of(*mount)) mounts_[name].insert(mount->point);
        // Of what is not chosen (a CD's filesystem), the first mount.
        for (const Mount& mount : topology.mounts)
            for (const std::string& name : devices_of(mount))
                if (mounts_[name].empty()) mounts_[name].insert(mount.point);
    }

    std::set<DriveUse> all() {
        for (const auto& [id, drive] : topology_.drives) {
            start({id, drive.device, Use::unknown, "", ""}, drive.device);
            for (const std::string& other : drive.other_devices)
                start({id, other, Use::unknown, "", ""}, other);
            for (const auto& [other_id, other] : topology_.drives)
                if (is_same_drive(drive, other))
                    start({id, other.device, Use::unknown, "", ""}, other.device);
        }
        return std::move(found_);
    }

  private:
    // The devices that a mount stands on directly.
    std::set<std::string> devices_of(const Mount& mount) const {
        if (const BlockDevice* device = topology_.device(mount.number)) return {device->name};
        const BlockDevice* source =
            mount.type == "btrfs" ? topology_.device(mount.source) : nullptr;
        if (!source) return {};
        const auto members = topology_.btrfs_devices.find(source->name);
        return members == topology_.btrfs_devices.end() ? std::set<std::string>{source->name}
                                                        : members->second;
    }

    void start(DriveUse path, const std::string& name) {
        if (const BlockDevice* device = topology_.device(name)) walk(std::move(path), *device, 0);
    }

    void add(DriveUse path, Use use, std::string name) {
        path.use = use;
        path.name = std::move(name);
        found_.insert(std::move(path));
    }

    void walk(DriveUse path, const BlockDevice& device, int depth) {
        if (depth > depth_limit) return add(std::move(path), Use::unknown, "");
        if (device.kind == BlockKind::partition && depth == 1) path.device = device.name;
        if (path.array.empty())
            if (const auto array = sources_.arrays.find(device.name);
                array != sources_.arrays.end())
                path.array = array->second;
        bool used = false;
        if (const auto mounts = mounts_.find(device.name); mounts != mounts_.end()) {
            for (const std::string& point : mounts->second) add(path, Use::filesystem, point);
            used = true;
        }
        if (sources_.swaps.contains(device.name)) {
            add(path, Use::swap, "/dev/" + device.name);
            used = true;
        }
        if (const auto above = above_.find(device.name); above != above_.end()) {
            add_hidden(path, device, above->second);
            for (const BlockDevice* upper : above->second) walk(path, *upper, depth + 1);
            used = true;
        }
        if (!used) add_top(std::move(path), device);
    }

    // What may lie on the device beside the devices above it.
    void add_hidden(const DriveUse& path, const BlockDevice& device,
                    const std::vector<const BlockDevice*>& above) {
        const auto content = sources_.contents.find(device.name);
        if (content == sources_.contents.end() || content->second.empty()) return;
        // Volumes that are not active have no device.
        if (content->second == "LVM2_member" && path.array.empty()) add(path, Use::volumes, "");
        // The partitions of a drive that is a member as a whole: they are data of the array.
        const bool only_partitions = std::ranges::all_of(
            above, [](const auto* upper) { return upper->kind == BlockKind::partition; });
        if (device.kind == BlockKind::drive && only_partitions)
            add(path, Use::content, content->second);
    }

    // Nothing known stands on the device.
    void add_top(DriveUse path, const BlockDevice& device) {
        if (device.kind != BlockKind::drive && device.kind != BlockKind::partition)
            return add(std::move(path), Use::volume, display_name(device));
        const auto content = sources_.contents.find(device.name);
        if (content == sources_.contents.end()) return add(std::move(path), Use::unknown, "");
        if (content->second.empty()) return add(std::move(path), Use::none, "");
        if (content->second == boot_partition) return add(std::move(path), Use::boot, "");
        add(std::move(path), Use::content, content->second);
    }

    const Topology& topology_;
    const UseSources& sources_;
    std::map<std::string, std::vector<const BlockDevice*>, std::less<>> above_;
    std::map<std::string, std::set<std::string>, std::less<>> mounts_;  // device → mount points
    std::set<DriveUse> found_;
};

}  // namespace

std::set<std::string, std::less<>> parse_swaps(std::string_view text, const Topology& topology) {
    std::set<std::string, std::less<>> found;
    take_line(text);  // the heading
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string path = unescape_octal(line.substr(0, line.find_first_of(" \t")));
        const BlockDevice* device = topology.device(path);
        if (path.starts_with("/dev/") && device) found.insert(device->name);
    }
    return found;
}

std::vector<DriveUse> find_uses(const Topology& topology, const UseSources& sources) {
    const std::set<DriveUse> found = Walk(topology, sources).all();
    return {found.begin(), found.end()};
}

Result<UseSources> read_use_sources(const Host& host, const Topology& topology) {
    UseSources sources;
    sources.filesystems = host.read("/proc/filesystems").value_or("");
    const auto swaps = host.read("/proc/swaps");
    if (swaps)
        sources.swaps = parse_swaps(*swaps, topology);
    else if (swaps.error().kind != ErrorKind::absent)
        return Failure(swaps.error());
    for (const auto& [name, device] : topology.devices) {
        const UdevRecord record = read_udev_record(host, device.number);
        if (auto content = content_of(record, device.kind))
            sources.contents.emplace(name, *std::move(content));
        if (std::string id = array_id(host, topology, device); !id.empty())
            sources.arrays.emplace(name, std::move(id));
    }
    for (const auto& [name, uuid] : topology.btrfs_uuids)
        if (topology.btrfs_devices.find(name)->second.size() > 1)
            sources.arrays.emplace(name, btrfs_array_id(uuid));
    return sources;
}

}  // namespace lastgood
