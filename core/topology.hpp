// The map of this host: filesystem → (partition, LVM, dm, md, loop, bcache)* → drives. Read from
// /sys/block, /proc/self/mountinfo and the udev database; blocks on no device.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"
#include "core/result.hpp"

namespace lastgood {

enum class Transport { sata, sas, scsi, nvme, usb, virtio, mmc, loop, unknown };
std::string_view to_string(Transport transport);

struct Drive {
    std::string id;  // "wwn-0x5000c500a1b2c3d4", "MODEL_SERIAL" or "unstable-pci-0000:00:05.0-…"
    std::string device;  // name of the moment: "sda", "nvme0n1"
    std::string model, serial, firmware, wwn;
    Transport transport = Transport::unknown;
    bool rotational = false;
    bool removable = false;
    double size_bytes = 0;
    std::string sysfs;  // resolved, "/sys/devices/…/block/sda"
    std::vector<std::string>
        other_devices;  // further names of the same drive (multipath, namespaces)
};

enum class BlockKind { drive, partition, dm, md, loop, bcache, zram, other };

struct BlockDevice {
    std::string name;    // as in /sys/class/block
    std::string number;  // "8:0"
    BlockKind kind = BlockKind::other;
    std::string dm_name;             // of dm devices: "vg-lv"; else empty
    std::vector<std::string> below;  // names of the devices it lies on
    std::string backing_file;        // of loop devices
    std::string sysfs;               // resolved
};

struct Mount {
    int id = 0;
    std::string number;  // "254:0"
    std::string root;    // within the filesystem
    std::string point;
    std::string source;  // as mountinfo has it
    std::string type;
    bool read_only = false;  // the superblock's: in a sandbox every mount may be read-only
    std::vector<std::string> options;        // the mount's
    std::vector<std::string> super_options;  // the superblock's
};

std::vector<Mount> parse_mountinfo(std::string_view text);  // malformed lines are left out

struct Topology {
    std::map<std::string, Drive, std::less<>> drives;         // by id
    std::map<std::string, BlockDevice, std::less<>> devices;  // by name
    std::vector<Mount> mounts;                                // in mountinfo's order

    static Result<Topology> read(const Host& host, bool loops_are_drives = false);

    const Drive* drive_of_device(
        std::string_view name) const;  // only a drive's own name (any of them); else nullptr
    const Drive* drive(std::string_view id) const;
    // Accepts "sdb", "/dev/sdb", a serial, an id; nullptr when nothing or more than one fits.
    const Drive* find_drive(std::string_view word) const;

    // Ids of the drives under a block device, by name ("md0", "dm-3", "sda1", "mapper/vg-lv",
    // "/dev/…") or number ("8:1").
    std::set<std::string> drives_under(std::string_view name_or_number) const;
    const BlockDevice* device(std::string_view name_or_number) const;

    // Kernel names that are not block devices: "ata3" or "ata3.00" (port), "2:0:0:0" (SCSI
    // address), "host2", "nvme0" (controller), "usb 2-1" (port path "2-1"). Empty when unknown.
    std::set<std::string> drives_at(std::string_view kernel_name) const;

    // The mount that a path lies on (longest mount point; the later mount of equal ones); nullptr
    // if none.
    const Mount* mount_of(std::string_view path) const;
    std::set<std::string> drives_under_mount(const Mount& mount) const;

    std::map<std::string, std::set<std::string>, std::less<>>
        btrfs_devices;  // any member's device name → all names
    std::map<std::string, std::string, std::less<>>
        btrfs_links;  // udev's links to the members: "disk/by-id/…" → device name
    std::map<std::string, std::set<std::string>, std::less<>>
        nvme_controllers;  // "nvme0" → drive ids
};

}  // namespace lastgood
