#include "core/topology.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/drive_identity.hpp"
#include "core/text.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

std::string_view to_string(Transport transport) {
    switch (transport) {
        case Transport::sata:
            return "sata";
        case Transport::sas:
            return "sas";
        case Transport::scsi:
            return "scsi";
        case Transport::nvme:
            return "nvme";
        case Transport::usb:
            return "usb";
        case Transport::virtio:
            return "virtio";
        case Transport::mmc:
            return "mmc";
        case Transport::loop:
            return "loop";
        case Transport::unknown:
            return "unknown";
    }
    return "unknown";
}

namespace {

constexpr int depth_limit = 16;  // of stacked devices; ends the search if the map has a cycle

void add_drive(Topology& topology, Drive drive) {
    const auto known = topology.drives.find(drive.id);
    if (known == topology.drives.end()) {
        topology.drives.emplace(drive.id, std::move(drive));
        return;
    }
    Drive& first = known->second;
    if (first.serial == drive.serial) {  // another path or namespace of the same drive
        first.other_devices.push_back(drive.device);
        return;
    }
    // Two drives with the same WWN (cheap bridges): the serial distinguishes them.
    drive.id = fmt::format("{}-{}", drive.id, drive.serial.empty() ? drive.device : drive.serial);
    topology.drives.emplace(drive.id, std::move(drive));
}

void read_devices(const Host& host, Topology& topology, bool loops_are_drives) {
    const auto names = host.list("/sys/class/block");
    if (!names) return;  // no /sys/class/block: a container without devices
    for (const std::string& name : *names) {
        const auto sysfs = host.resolve("/sys/class/block/" + name);
        if (!sysfs) continue;  // removed since the list was read
        BlockDevice device;
        device.name = name;
        device.sysfs = *sysfs;
        device.number = host.read_line(*sysfs + "/dev").value_or("");
        const bool is_partition = host.exists(*sysfs + "/partition");
        device.kind = block_kind(name, is_partition);
        if (is_partition) {
            device.below.emplace_back(last_component(parent_directory(*sysfs)));
        } else if (const auto slaves = host.list(*sysfs + "/slaves")) {
            device.below = *slaves;
        }
        if (device.kind == BlockKind::dm)
            device.dm_name = host.read_line(*sysfs + "/dm/name").value_or("");
        if (device.kind == BlockKind::loop)
            device.backing_file = host.read_line(*sysfs + "/loop/backing_file").value_or("");
        const bool unbound_loop = device.kind == BlockKind::loop && device.backing_file.empty();
        if (is_drive(device.kind, loops_are_drives) && !unbound_loop) {
            Drive drive = identify_drive(host, name, *sysfs, device.number);
            if (drive.size_bytes > 0 || !drive.removable) add_drive(topology, std::move(drive));
        }
        topology.devices.emplace(name, std::move(device));
    }
}

// A loop device over a block device: the kernel tells only the path.
void join_loops(Topology& topology) {
    for (auto& [name, device] : topology.devices) {
        if (device.kind != BlockKind::loop || !device.backing_file.starts_with("/dev/")) continue;
        const BlockDevice* below = topology.device(device.backing_file);
        if (below && below != &device) device.below.push_back(below->name);
    }
}

void read_btrfs(const Host& host, Topology& topology) {
    const auto filesystems = host.list("/sys/fs/btrfs");
    if (!filesystems) return;
    for (const std::string& uuid : *filesystems) {
        const auto names = host.list("/sys/fs/btrfs/" + uuid + "/devices");
        if (!names) continue;  // "features" and other entries that are not filesystems
        const std::set<std::string> all(names->begin(), names->end());
        for (const std::string& name : all) {
            topology.btrfs_devices[name] = all;
            topology.btrfs_uuids[name] = uuid;
        }
    }
}

// The kernel names a btrfs member by the path it was registered with (fs/btrfs/volumes.c,
// device_list_add), often one of udev's links.
void read_btrfs_links(const Host& host, Topology& topology) {
    for (const auto& [name, members] : topology.btrfs_devices) {
        const BlockDevice* device = topology.device(name);
        if (!device) continue;
        for (const std::string& link : read_udev_record(host, device->number).links)
            topology.btrfs_links.emplace(link, name);
    }
}

// mountinfo shows the path that btrfs was mounted with, which may be one of udev's links
// (/dev/disk/by-id/…). A btrfs mount's number is not a device's, so only the path leads to its
// drives.
void resolve_sources(const Host& host, Topology& topology) {
    for (Mount& mount : topology.mounts) {
        if (!mount.source.starts_with("/dev/") || topology.device(mount.number) ||
            topology.device(mount.source))
            continue;
        const auto resolved = host.resolve(mount.source);
        if (resolved && topology.device(*resolved)) mount.source = *resolved;
    }
}

// Maps controllers to drives: with multipath, a namespace's path does not name the controller.
void read_nvme_controllers(const Host& host, Topology& topology) {
    const auto controllers = host.list("/sys/class/nvme");
    if (!controllers) return;
    for (const std::string& name : *controllers) {
        const std::string serial =
            clean_identity(host.read_line("/sys/class/nvme/" + name + "/serial").value_or(""));
        for (const auto& [id, drive] : topology.drives)
            if (drive.transport == Transport::nvme && !serial.empty() && drive.serial == serial)
                topology.nvme_controllers[name].insert(id);
    }
}

bool is_memory(const BlockDevice& device) {
    return device.kind == BlockKind::zram ||
           (device.kind == BlockKind::other && device.name.starts_with("ram"));
}

// Walks down from a filesystem or a device to all that it lies on.
class Descent {
  public:
    explicit Descent(const Topology& topology) : topology_(topology) {}

    void from(const BlockDevice& device, int depth = 0) {
        if (depth > depth_limit) return;
        if (const Drive* drive = topology_.drive_of_device(device.name)) {
            found.drives.insert(drive->id);
            return;
        }
        if (is_memory(device)) found.in_memory = true;
        if (device.kind == BlockKind::loop && !device.backing_file.empty())
            if (const Mount* mount = topology_.mount_of(device.backing_file))
                from(*mount, depth + 1);
        for (const std::string& name : device.below)
            if (const BlockDevice* below = topology_.device(name); below && below != &device)
                from(*below, depth + 1);
    }

    void from(const Mount& mount, int depth = 0) {
        if (depth > depth_limit || is_known(mount)) return;
        found.mounts.push_back(&mount);
        if (const BlockDevice* device = topology_.device(mount.number)) {
            from(*device, depth + 1);
        } else if (mount.type == "btrfs") {
            from_btrfs(mount, depth);
        } else if (mount.type == "overlay") {
            for (const std::string& option : mount.super_options)
                if (option.starts_with("upperdir="))
                    if (const Mount* upper = topology_.mount_of(option.substr(9)))
                        from(*upper, depth + 1);
        }
    }

    Foundation found;

  private:
    bool is_known(const Mount& mount) const {
        return std::ranges::find(found.mounts, &mount) != found.mounts.end();
    }

    void from_btrfs(const Mount& mount, int depth) {
        const BlockDevice* source = topology_.device(mount.source);
        if (!source) return;
        const auto members = topology_.btrfs_devices.find(source->name);
        if (members == topology_.btrfs_devices.end()) return from(*source, depth + 1);
        for (const std::string& name : members->second)
            if (const BlockDevice* member = topology_.device(name)) from(*member, depth + 1);
    }

    const Topology& topology_;
};

}  // namespace

Result<Topology> Topology::read(const Host& host, bool loops_are_drives) {
    Topology topology;
    const auto mounts = host.read("/proc/self/mountinfo", 16 * mib);
    if (mounts)
        topology.mounts = parse_mountinfo(*mounts);
    else if (mounts.error().kind != ErrorKind::absent)
        return Failure(mounts.error());
    read_devices(host, topology, loops_are_drives);
    join_loops(topology);
    read_btrfs(host, topology);
    read_btrfs_links(host, topology);
    resolve_sources(host, topology);
    read_nvme_controllers(host, topology);
    return topology;
}

const Drive* Topology::drive_of_device(std::string_view name) const {
    for (const auto& [id, drive] : drives)
        if (drive.device == name || contains(drive.other_devices, name)) return &drive;
    return nullptr;
}

const Drive* Topology::drive(std::string_view id) const {
    const auto found = drives.find(id);
    return found == drives.end() ? nullptr : &found->second;
}

const Drive* Topology::find_drive(std::string_view word) const {
    word = without_prefix(word, "/dev/");
    if (const Drive* exact = drive(word)) return exact;
    if (const Drive* named = drive_of_device(word)) return named;
    const Drive* found = nullptr;
    for (const auto& [id, drive] : drives) {
        if (word.empty() || (drive.serial != word && drive.wwn != word)) continue;
        if (found) return nullptr;
        found = &drive;
    }
    return found;
}

const BlockDevice* Topology::device(std::string_view name) const {
    name = without_prefix(name, "/dev/");
    if (const auto link = btrfs_links.find(name); link != btrfs_links.end()) name = link->second;
    if (const auto found = devices.find(name); found != devices.end()) return &found->second;
    std::string dm_name(without_prefix(name, "mapper/"));
    if (const size_t slash = dm_name.find('/');
        slash != dm_name.npos) {  // "vg/lv": dm doubles the hyphens in both parts
        const auto escape = [](std::string_view part) {
            std::string doubled;
            for (const char c : part) doubled += c == '-' ? std::string("--") : std::string(1, c);
            return doubled;
        };
        dm_name = escape(std::string_view(dm_name).substr(0, slash)) + "-" +
                  escape(std::string_view(dm_name).substr(slash + 1));
    }
    for (const auto& [key, device] : devices)
        if ((!device.number.empty() && device.number == name) ||
            (!device.dm_name.empty() && device.dm_name == dm_name))
            return &device;
    return nullptr;
}

std::set<std::string> Topology::drives_under(std::string_view name_or_number) const {
    Descent descent(*this);
    if (const BlockDevice* start = device(name_or_number)) descent.from(*start);
    return std::move(descent.found.drives);
}

std::set<std::string> Topology::drives_at(std::string_view kernel_name) const {
    kernel_name = without_prefix(kernel_name, "usb ");
    if (const auto controller = nvme_controllers.find(kernel_name);
        controller != nvme_controllers.end())
        return controller->second;
    std::string_view place = kernel_name, link;
    if (kernel_name.starts_with("ata"))
        if (const size_t dot = kernel_name.find('.'); dot != kernel_name.npos) {
            place = kernel_name.substr(0, dot);
            link = kernel_name.substr(dot + 1);
        }
    std::set<std::string> found;
    const std::string component = fmt::format("/{}/", place);
    for (const auto& [id, drive] : drives)
        if (contains(drive.sysfs, component)) found.insert(id);
    if (found.size() < 2 || link.empty()) return found;
    // Several drives on one ATA port. Port multiplier: its port is the SCSI channel, the id is 0.
    // Master and slave: ids 0 and 1 of channel 0 (drivers/ata/libata-scsi.c, ata_scsi_scan_host).
    const std::string number(link.size() > 1 && link.front() == '0' ? link.substr(1) : link);
    std::set<std::string> narrowed;
    for (const std::string& id : found) {
        const std::string& sysfs = drives.find(id)->second.sysfs;
        const size_t at = sysfs.find("/target");
        if (at == sysfs.npos) continue;
        const std::string target =
            sysfs.substr(at, sysfs.find('/', at + 1) - at);  // "/target2:0:1"
        const size_t first = target.find(':'), second = target.rfind(':');
        if (first == target.npos) continue;
        const std::string channel = target.substr(first + 1, second - first - 1);
        const std::string unit = target.substr(second + 1);
        if ((channel == number && unit == "0") || (channel == "0" && unit == number))
            narrowed.insert(id);
    }
    return narrowed.size() == 1 ? narrowed : found;
}

const Mount* Topology::mount_of(std::string_view path) const {
    const Mount* best = nullptr;
    for (const Mount& mount : mounts)
        if (lies_below(path, mount.point) && (!best || mount.point.size() >= best->point.size()))
            best = &mount;
    return best;
}

std::set<std::string> Topology::drives_under_mount(const Mount& mount) const {
    Descent descent(*this);
    descent.from(mount);
    return std::move(descent.found.drives);
}

Foundation Topology::foundation_of(const Mount& mount) const {
    Descent descent(*this);
    descent.from(mount);
    return std::move(descent.found);
}

}  // namespace lastgood
