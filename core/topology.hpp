// Maps filesystem → (partition, LVM, dm, md, loop, bcache)* → drives. Source: /sys/block,
// /sys/fs/btrfs, /proc/self/mountinfo and the udev database. Only Topology::read() reads anything,
// and it accesses no device; the rest is pure.
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
    std::string device;  // current name: "sda", "nvme0n1"
    std::string model, serial, firmware, wwn;
    Transport transport = Transport::unknown;
    bool rotational = false;
    bool removable = false;
    double size_bytes = 0;
    std::string sysfs;                       // resolved, "/sys/devices/…/block/sda"
    std::vector<std::string> other_devices;  // further names of this drive (multipath, namespaces)
};

enum class BlockKind { drive, partition, dm, md, loop, bcache, zram, other };

struct BlockDevice {
    std::string name;    // as in /sys/class/block
    std::string number;  // "8:0"
    BlockKind kind = BlockKind::other;
    std::string dm_name;             // of dm devices: "vg-lv"; else empty
    std::vector<std::string> below;  // names of the devices directly below
    std::string backing_file;        // of loop devices; else empty
    std::string sysfs;               // resolved
};

struct Mount {
    int id = 0;
    std::string number;  // "254:0"
    std::string root;    // within the filesystem
    std::string point;
    std::string source;  // as in mountinfo
    std::string type;
    bool read_only = false;  // of the superblock: in a sandbox every mount may be read-only
    std::vector<std::string> options;        // of the mount
    std::vector<std::string> super_options;  // the superblock's
};

std::vector<Mount> parse_mountinfo(std::string_view text);  // Skips malformed lines.

// What a filesystem lies on, through loop devices, overlays and all layers below.
struct Foundation {
    std::set<std::string> drives;      // ids
    std::vector<const Mount*> mounts;  // into the topology: the filesystem first, then those below
    bool in_memory = false;            // a device of memory is among it: zram, a RAM disk
};

struct Topology {
    std::map<std::string, Drive, std::less<>> drives;         // by id
    std::map<std::string, BlockDevice, std::less<>> devices;  // by name
    std::vector<Mount> mounts;                                // in mountinfo's order

    // Reads the map. Error: denied or failed, if mountinfo cannot be read; parts of sysfs that
    // cannot be read are left out. `loops_are_drives`: bound loop devices count as drives (for
    // tests).
    static Result<Topology> read(const Host& host, bool loops_are_drives = false);

    // By any of the drive's own device names; nullptr for partitions and others.
    const Drive* drive_of_device(std::string_view name) const;
    const Drive* drive(std::string_view id) const;
    // By "sdb", "/dev/sdb", id, serial or WWN; nullptr if none or more than one matches.
    const Drive* find_drive(std::string_view word) const;

    // Ids of the drives under a block device, given by name ("md0", "dm-3", "sda1", "mapper/vg-lv",
    // "/dev/…") or number ("8:1").
    std::set<std::string> drives_under(std::string_view name_or_number) const;
    // nullptr: no such device.
    const BlockDevice* device(std::string_view name_or_number) const;

    // Kernel names that are not block devices: "ata3" or "ata3.00" (port), "2:0:0:0" (SCSI
    // address), "host2", "nvme0" (controller), "usb 2-1" (port path "2-1"). Empty if unknown.
    std::set<std::string> drives_at(std::string_view kernel_name) const;

    // The mount that holds a path: the longest mount point, and of equal ones the later; nullptr if
    // none.
    const Mount* mount_of(std::string_view path) const;
    std::set<std::string> drives_under_mount(const Mount& mount) const;
    Foundation foundation_of(const Mount& mount) const;

    std::map<std::string, std::set<std::string>, std::less<>>
        btrfs_devices;  // device name of any member → names of all members
    std::map<std::string, std::string, std::less<>>
        btrfs_uuids;  // device name of any member → the filesystem's UUID
    std::map<std::string, std::string, std::less<>>
        btrfs_links;  // udev's links to the members: "disk/by-id/…" → device name
    std::map<std::string, std::set<std::string>, std::less<>>
        nvme_controllers;  // "nvme0" → drive ids
};

}  // namespace lastgood
