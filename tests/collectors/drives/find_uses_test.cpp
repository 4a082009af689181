#include "collectors/drives/find_uses.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <map>
#include <set>

using namespace lastgood;

namespace {

// Two drives: sda1, sdb1 in md0; all else as a test says.
struct Machine {
    Topology topology;
    UseSources sources;

    Machine() {
        for (const char* name : {"sda", "sdb"}) {
            Drive drive;
            drive.id = std::string("id-") + name;
            drive.device = name;
            topology.drives.emplace(drive.id, drive);
            add(name, BlockKind::drive, {});
        }
    }
    void add(const std::string& name, BlockKind kind, std::vector<std::string> below,
             const std::string& dm_name = "") {
        BlockDevice device;
        device.name = name;
        device.number = fmt::format("{}:0", topology.devices.size() + 1);
        device.kind = kind;
        device.below = std::move(below);
        device.dm_name = dm_name;
        topology.devices.emplace(name, device);
        sources.contents.emplace(name, "");
    }
    void mount(const std::string& device, const std::string& point) {
        Mount mounted;
        mounted.number = topology.devices.at(device).number;
        mounted.point = point;
        mounted.type = "ext4";
        topology.mounts.push_back(mounted);
    }
    void mirror() {
        add("sda1", BlockKind::partition, {"sda"});
        add("sdb1", BlockKind::partition, {"sdb"});
        add("md0", BlockKind::md, {"sda1", "sdb1"});
        sources.contents["sda1"] = sources.contents["sdb1"] = "linux_raid_member";
        sources.arrays.emplace("md0", "md-uuid-1");
    }
    // A line for each use of sda.
    std::string uses() const {
        std::string text;
        for (const DriveUse& use : find_uses(topology, sources))
            if (use.drive == "id-sda")
                text += fmt::format("{} {} {} {}\n", use.device, to_string(use.use), use.name,
                                    use.array);
        return text;
    }
};

}  // namespace

TEST_CASE("an empty drive has no use, and one that udev does not know has an unknown one") {
    Machine machine;
    CHECK(machine.uses() == "sda none  \n");
    machine.sources.contents.clear();
    CHECK(machine.uses() == "sda unknown  \n");
}

TEST_CASE("a filesystem, swap and a signature on partitions") {
    Machine machine;
    for (const char* name : {"sda1", "sda2", "sda3", "sda4", "sda5"})
        machine.add(name, BlockKind::partition, {"sda"});
    machine.mount("sda1", "/");
    machine.mount("sda1", "/srv/bound");
    machine.sources.swaps = {"sda2"};
    machine.sources.contents["sda3"] = "zfs_member";
    machine.sources.contents["sda5"] = "boot loader";
    CHECK(machine.uses() ==
          "sda1 filesystem / \nsda2 swap /dev/sda2 \n"
          "sda3 content zfs_member \nsda4 none  \nsda5 boot  \n");
}

TEST_CASE("an array stands between a drive and what is on it") {
    Machine machine;
    machine.mirror();
    CHECK(machine.uses() == "sda1 volume /dev/md0 md-uuid-1\n");
    machine.mount("md0", "/srv");
    CHECK(machine.uses() == "sda1 filesystem /srv md-uuid-1\n");
}

TEST_CASE("a volume over a bare partition and an array is on the bare partition too") {
    Machine machine;
    machine.mirror();
    machine.add("sda2", BlockKind::partition, {"sda"});
    machine.add("dm-0", BlockKind::dm, {"sda2", "md0"}, "vg0-vm--101");
    CHECK(machine.uses() == "sda1 volume vg0/vm-101 md-uuid-1\nsda2 volume vg0/vm-101 \n");
}

TEST_CASE("an array that is not assembled is content that nothing here uses") {
    Machine machine;
    machine.mirror();
    machine.topology.devices.erase("md0");
    CHECK(machine.uses() == "sda1 content linux_raid_member \n");
}

TEST_CASE("a btrfs on several drives is an array, on one drive it is not") {
    Machine machine;
    Mount mounted;
    mounted.number = "0:40";
    mounted.source = "/dev/sda";
    mounted.point = "/data";
    mounted.type = "btrfs";
    machine.topology.mounts.push_back(mounted);
    CHECK(machine.uses() == "sda filesystem /data \n");
    for (const char* name : {"sda", "sdb"}) {
        machine.topology.btrfs_devices[name] = {"sda", "sdb"};
        machine.sources.arrays[name] = "btrfs-1";
    }
    CHECK(machine.uses() == "sda filesystem /data btrfs-1\n");
}

TEST_CASE("a cycle ends") {
    Machine machine;
    machine.add("dm-0", BlockKind::dm, {"sda", "dm-1"});
    machine.add("dm-1", BlockKind::dm, {"dm-0"});
    CHECK(machine.uses() == "sda unknown  \n");
}

TEST_CASE("/proc/swaps") {
    Machine machine;
    machine.add("dm-0", BlockKind::dm, {"sda"}, "vg0-swap");
    CHECK(parse_swaps("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
                      "/dev/dm-0                               partition\t1\t0\t-2\n"
                      "/swap\\040file                          file\t\t1\t0\t-3\n",
                      machine.topology) == std::set<std::string, std::less<>>{"dm-0"});
    CHECK(parse_swaps("", machine.topology).empty());
}

TEST_CASE("volumes that are not active may lie beside those that are") {
    Machine machine;
    machine.add("sda1", BlockKind::partition, {"sda"});
    machine.add("dm-0", BlockKind::dm, {"sda1"}, "vg0-data_rimage_0");
    machine.add("dm-1", BlockKind::dm, {"dm-0"}, "vg0-data");
    machine.sources.contents["sda1"] = "LVM2_member";
    machine.sources.arrays.emplace("dm-1", "lvm-1");
    CHECK(machine.uses() == "sda1 volume vg0/data lvm-1\nsda1 volumes  \n");
    // Of a volume group on an array the array is enough.
    machine.mirror();
    machine.topology.devices.at("dm-0").below = {"md0"};
    machine.sources.contents["sda1"] = "linux_raid_member";
    machine.sources.contents["md0"] = "LVM2_member";
    CHECK(machine.uses() == "sda1 volume vg0/data md-uuid-1\n");
}

TEST_CASE("partitions of a drive that is a member as a whole say nothing about it") {
    Machine machine;
    machine.add("sda1", BlockKind::partition, {"sda"});
    machine.sources.contents["sda"] = "isw_raid_member";
    CHECK(machine.uses() == "sda content isw_raid_member \nsda1 none  \n");
    machine.add("md126", BlockKind::md, {"sda", "sdb"});
    machine.sources.arrays.emplace("md126", "md-uuid-2");
    CHECK(machine.uses() == "sda volume /dev/md126 md-uuid-2\nsda1 none  \n");
}

TEST_CASE("two units of one drive are pulled together") {
    Machine machine;
    for (const auto& [name, unit] : {std::pair("sda", 0), std::pair("sdb", 1)}) {
        Drive& drive = machine.topology.drives.at(std::string("id-") + name);
        drive.transport = Transport::sas;
        drive.serial = "S1";
        drive.sysfs = fmt::format("/sys/devices/host9/target9:0:0/9:0:0:{}/block/{}", unit, name);
    }
    machine.mount("sdb", "/srv");
    CHECK(machine.uses() == "sda none  \nsdb filesystem /srv \n");
    machine.topology.drives.at("id-sdb").serial = "S2";
    CHECK(machine.uses() == "sda none  \n");
    machine.topology.drives.at("id-sdb").serial = "S1";
    machine.topology.drives.at("id-sdb").sysfs = "/sys/devices/host9/target9:0:1/9:0:1:0/block/sdb";
    CHECK(machine.uses() == "sda none  \n");
}

TEST_CASE("what stands on another device of the drive is on the drive") {
    Machine machine;
    machine.add("sdc", BlockKind::drive, {});
    machine.topology.drives.at("id-sda").other_devices = {"sdc"};
    machine.mount("sdc", "/srv");
    CHECK(machine.uses() == "sda none  \nsdc filesystem /srv \n");
}

TEST_CASE("a mounted filesystem that lastgood does not judge is a use all the same") {
    Machine machine;
    machine.mount("sda", "/mnt/cdrom");
    machine.topology.mounts.back().type = "iso9660";
    CHECK(machine.uses() == "sda filesystem /mnt/cdrom \n");
}
