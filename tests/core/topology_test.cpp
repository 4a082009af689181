#include "core/topology.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/drive_identity.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using test::RecordedHost;

namespace {

using Set = std::set<std::string>;

// A RAID 1 of two SATA drives with LVM on it, an NVMe drive, a virtio disk, and a loop device whose
// file is on the array's filesystem.
RecordedHost server() {
    RecordedHost host;
    const std::string ata3 = "/sys/devices/pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0";
    const std::string ata4 = "/sys/devices/pci0000:00/0000:00:1f.2/ata4/host3/target3:0:0/3:0:0:0";
    host.block("sda", ata3 + "/block/sda", "8:0");
    host.block("sda1", ata3 + "/block/sda/sda1", "8:1", true);
    host.block("sdb", ata4 + "/block/sdb", "8:16");
    host.block("sdb1", ata4 + "/block/sdb/sdb1", "8:17", true);
    for (const std::string& base : {ata3, ata4}) {
        host.file(base + "/vendor", "ATA     \n");
        host.file(base + "/model", "EXAMPLE HDD 4000\n");
        host.file(base + "/rev", "0001\n");
    }
    host.file(ata3 + "/wwid", "naa.5000c500a1b2c3d4\n");
    host.file(ata4 + "/wwid", "t10.ATA     EXAMPLE HDD 4000                        S2\n");
    host.file(ata4 + "/vpd_pg80", std::string("\x00\x80\x00\x08", 4) + "      S2");
    const std::string nvme = "/sys/devices/pci0000:00/0000:00:1d.0/0000:03:00.0/nvme/nvme0";
    host.block("nvme0n1", nvme + "/nvme0n1", "259:0");
    host.file(nvme + "/model", "Example NVMe 1TB                        \n");
    host.file(nvme + "/serial", "N1234               \n");
    host.file(nvme + "/firmware_rev", "F1      \n");
    host.link("/sys/class/nvme/nvme0", "../.." + nvme.substr(4));
    host.block("vda", "/sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vda", "254:0");
    host.block("md0", "/sys/devices/virtual/block/md0", "9:0");
    host.directory("/sys/devices/virtual/block/md0/slaves/sda1");
    host.directory("/sys/devices/virtual/block/md0/slaves/sdb1");
    host.block("dm-0", "/sys/devices/virtual/block/dm-0", "253:0");
    host.directory("/sys/devices/virtual/block/dm-0/slaves/md0");
    host.file("/sys/devices/virtual/block/dm-0/dm/name", "vg--one-data\n");
    host.block("loop0", "/sys/devices/virtual/block/loop0", "7:0");
    host.file("/sys/devices/virtual/block/loop0/loop/backing_file", "/srv/images/disk.img\n");
    host.block("loop1", "/sys/devices/virtual/block/loop1", "7:1");
    host.file("/proc/self/mountinfo",
              "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
              "23 22 253:0 / /srv rw - xfs /dev/mapper/vg--one-data rw\n"
              "24 22 0:40 /sub /pool\\040a rw - btrfs /dev/nvme0n1 rw\n"
              "25 22 0:50 / /over rw - overlay overlay "
              "rw,lowerdir=/a,upperdir=/srv/upper,workdir=/srv/work\n"
              "26 22 7:0 / /mnt ro - ext4 /dev/loop0 ro\n"
              "27 22 0:41 / /by-id rw - btrfs /dev/disk/by-id/nvme-Example_N1234 rw\n");
    host.file("/dev/nvme0n1", "");
    host.link("/dev/disk/by-id/nvme-Example_N1234", "../../nvme0n1");
    host.directory("/sys/fs/btrfs/aa-bb/devices/nvme0n1");
    host.directory("/sys/fs/btrfs/features");
    host.file("/run/udev/data/b259:0",
              "S:disk/by-id/nvme-Example_N1234\nS:disk/by-path/"
              "pci-0000:03:00.0-nvme-1\nE:ID_MODEL=Example\n");
    return host;
}

}  // namespace

TEST_CASE("drives get stable ids") {
    const RecordedHost host = server();
    const Topology topology = Topology::read(host.host()).value();
    Set ids;
    for (const auto& [id, drive] : topology.drives) ids.insert(id);
    CHECK(ids == Set{"wwn-0x5000c500a1b2c3d4", "EXAMPLE_HDD_4000_S2", "Example_NVMe_1TB_N1234",
                     "unstable-pci-0000:00:05.0-virtio2"});
    const Drive* sda = topology.find_drive("/dev/sda");
    REQUIRE(sda);
    CHECK(sda->transport == Transport::sata);
    CHECK(sda->model == "EXAMPLE HDD 4000");
    CHECK(sda->firmware == "0001");
    CHECK(topology.find_drive("S2")->device == "sdb");
    CHECK(topology.find_drive("wwn-0x5000c500a1b2c3d4") == sda);
    CHECK(topology.find_drive("nothing") == nullptr);
    CHECK(topology.find_drive("") == nullptr);
}

TEST_CASE("identify_drive_by_wwn finds one drive without the topology") {
    RecordedHost host = server();
    const auto found = identify_drive_by_wwn(host.host(), "wwn-0x5000c500a1b2c3d4");
    REQUIRE(found);
    const Topology topology = Topology::read(host.host()).value();
    const Drive& same = topology.drives.at("wwn-0x5000c500a1b2c3d4");
    CHECK(found->device == same.device);
    CHECK(found->sysfs == same.sysfs);
    CHECK(found->model == same.model);
    CHECK(found->transport == same.transport);
    for (const char* id : {"", "wwn-", "wwn-0x5000c500a1b2c3d5", "EXAMPLE_HDD_4000_S2",
                           "wwn-0x5000c500a1b2c3d4-S1"}) {
        CAPTURE(id);
        CHECK_FALSE(identify_drive_by_wwn(host.host(), id));
    }
    // A second path to the drive or a bridge with the same WWN: only the whole topology can tell.
    host.block("sdc", "/sys/devices/pci0000:00/ata5/host4/target4:0:0/4:0:0:0/block/sdc", "8:32");
    host.file("/sys/devices/pci0000:00/ata5/host4/target4:0:0/4:0:0:0/wwid",
              "naa.5000c500a1b2c3d4\n");
    CHECK_FALSE(identify_drive_by_wwn(host.host(), "wwn-0x5000c500a1b2c3d4"));
}

TEST_CASE("every layer leads to its drives") {
    const RecordedHost host = server();
    const Topology topology = Topology::read(host.host()).value();
    const Set mirror{"wwn-0x5000c500a1b2c3d4", "EXAMPLE_HDD_4000_S2"};
    CHECK(topology.drives_under("sda1") == Set{"wwn-0x5000c500a1b2c3d4"});
    CHECK(topology.drives_under("8:17") == Set{"EXAMPLE_HDD_4000_S2"});
    CHECK(topology.drives_under("md0") == mirror);
    CHECK(topology.drives_under("dm-0") == mirror);
    CHECK(topology.drives_under("/dev/mapper/vg--one-data") == mirror);
    CHECK(topology.drives_under("vg-one/data") == mirror);
    CHECK(topology.drives_under("loop0") == mirror);
    CHECK(topology.drives_under("loop1") == Set{});
    CHECK(topology.drives_under("sdz") == Set{});
    // The name that btrfs uses in the kernel log.
    CHECK(topology.drives_under("disk/by-path/pci-0000:03:00.0-nvme-1") ==
          Set{"Example_NVMe_1TB_N1234"});
    CHECK(topology.drives_under("/dev/disk/by-id/nvme-Example_N1234") ==
          Set{"Example_NVMe_1TB_N1234"});
    CHECK(topology.drives_under_mount(*topology.mount_of("/over/x")) == mirror);
    CHECK(topology.drives_under_mount(*topology.mount_of("/pool a/x")) ==
          Set{"Example_NVMe_1TB_N1234"});
    // The source that btrfs shows when mounted by udev's link.
    CHECK(topology.drives_under_mount(*topology.mount_of("/by-id")) ==
          Set{"Example_NVMe_1TB_N1234"});
    CHECK(topology.mount_of("/srvx")->point == "/");
    CHECK(topology.mount_of("/srv")->point == "/srv");
}

TEST_CASE("of two mounts on one mount point the later wins") {
    Topology topology;
    topology.mounts = parse_mountinfo(
        "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
        "23 22 8:1 / /mnt rw - ext4 /dev/sda1 rw\n"
        "24 22 8:17 / /mnt rw - xfs /dev/sdb1 rw\n");
    CHECK(topology.mount_of("/mnt")->number == "8:17");
    CHECK(topology.mount_of("/mnt/deep/below")->number == "8:17");
    CHECK(topology.mount_of("/etc")->number == "254:0");
    // Also on the root.
    topology.mounts.push_back(parse_mountinfo("25 22 0:30 / / rw - overlay none rw\n").at(0));
    CHECK(topology.mount_of("/etc")->number == "0:30");
}

TEST_CASE("drives_at resolves kernel names that are not block devices") {
    const RecordedHost host = server();
    const Topology topology = Topology::read(host.host()).value();
    CHECK(topology.drives_at("ata3.00") == Set{"wwn-0x5000c500a1b2c3d4"});
    CHECK(topology.drives_at("ata4") == Set{"EXAMPLE_HDD_4000_S2"});
    CHECK(topology.drives_at("ata1") == Set{});
    CHECK(topology.drives_at("2:0:0:0") == Set{"wwn-0x5000c500a1b2c3d4"});
    CHECK(topology.drives_at("host3") == Set{"EXAMPLE_HDD_4000_S2"});
    CHECK(topology.drives_at("nvme0") == Set{"Example_NVMe_1TB_N1234"});
}

TEST_CASE("only bound loop devices count as drives, and only if requested") {
    const RecordedHost host = server();
    const Topology topology = Topology::read(host.host(), true).value();
    CHECK(topology.drive_of_device("loop0"));
    CHECK_FALSE(topology.drive_of_device("loop1"));
    CHECK(topology.drives_under("loop0") == Set{topology.drive_of_device("loop0")->id});
}

TEST_CASE("drives with one WWN stay separate, paths of one drive are merged") {
    RecordedHost host;
    const auto add = [&](const std::string& name, const std::string& address,
                         const std::string& number, const std::string& serial) {
        const std::string base = "/sys/devices/pci0000:00/0000:00:10.0/host0/target/" + address;
        host.block(name, base + "/block/" + name, number);
        host.file(base + "/vendor", "SEAGATE \n");
        host.file(base + "/model", "X1\n");
        host.file(base + "/wwid", "naa.5000000000000001\n");
        host.file(base + "/vpd_pg80", std::string("\x00\x80\x00\x02", 4) + serial);
    };
    add("sda", "0:0:0:0", "8:0", "A1");
    add("sdb", "0:0:1:0", "8:16", "A1");
    add("sdc", "0:0:2:0", "8:32", "B2");
    add("sdd", "0:0:3:0", "8:48", "");
    const Topology topology = Topology::read(host.host()).value();
    CHECK(topology.drives.size() == 3);
    CHECK(topology.find_drive("sdb")->device == "sda");
    CHECK(topology.find_drive("sdc")->serial == "B2");
    CHECK(topology.find_drive("sdc")->id == "wwn-0x5000000000000001-B2");
    CHECK(topology.find_drive("sdd")->id == "wwn-0x5000000000000001-sdd");  // reports no serial
}

TEST_CASE("an empty machine has an empty topology") {
    const RecordedHost host;
    const auto topology = Topology::read(host.host());
    REQUIRE(topology.has_value());
    CHECK(topology->drives.empty());
    CHECK(topology->mount_of("/") == nullptr);
}

TEST_CASE("a cycle in the device map does not hang") {
    RecordedHost host;
    host.block("dm-0", "/sys/devices/virtual/block/dm-0", "253:0");
    host.block("dm-1", "/sys/devices/virtual/block/dm-1", "253:1");
    host.directory("/sys/devices/virtual/block/dm-0/slaves/dm-1");
    host.directory("/sys/devices/virtual/block/dm-1/slaves/dm-0");
    CHECK(Topology::read(host.host()).value().drives_under("dm-0").empty());
}

TEST_CASE("parse_mountinfo handles every form of line") {
    CHECK(parse_mountinfo("").empty());
    CHECK(parse_mountinfo("1 2 3\n\n- - -\n").empty());
    const auto mounts = parse_mountinfo(
        "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 propagate_from:2 - ext3 /dev/root "
        "rw,errors=continue\n"
        "37 35 0:3 / /proc ro - proc proc\n"
        "38 35 98:1 / /srv ro,relatime - ext4 /dev/sdb1 rw\n"
        "39 35 98:2 / /old rw,relatime - ext4 /dev/sdc1 ro\n"
        "40 35 98:3 / /\\134octal\\\\04\\011\\040 rw - ext4 /dev/sdd1 rw\n");
    REQUIRE(mounts.size() == 5);
    CHECK(mounts[4].point == "/\\octal\\\\04\t ");
    CHECK(mounts[0].point == "/mnt 2");
    CHECK(mounts[0].type == "ext3");
    CHECK(mounts[0].super_options == std::vector<std::string>{"rw", "errors=continue"});
    CHECK_FALSE(mounts[0].read_only);
    CHECK(mounts[1].read_only);
    CHECK(mounts[1].super_options.empty());
    CHECK_FALSE(
        mounts[2].read_only);  // a unit with ProtectSystem=strict sees every filesystem like this
    CHECK(mounts[3].read_only);
}

TEST_CASE("the ATA information page gives the full identity") {
    std::string page(572, '\0');
    page[1] = '\x89';
    const auto put = [&](size_t word, std::string text, size_t words) {
        text.resize(words * 2, ' ');
        for (size_t i = 0; i < words; ++i) {
            page[60 + 2 * (word + i)] = text[2 * i + 1];
            page[60 + 2 * (word + i) + 1] = text[2 * i];
        }
    };
    put(10, "      SERIAL1", 10);
    put(23, "FW01", 4);
    put(27, "A MODEL WITH A LONG NAME 4000", 20);
    page[60 + 2 * 87 + 1] = '\x41';
    page[60 + 2 * 108 + 1] = '\x50';
    page[60 + 2 * 108] = '\x00';
    const AtaIdentity identity = parse_ata_information_page(page);
    CHECK(identity.model == "A MODEL WITH A LONG NAME 4000");
    CHECK(identity.serial == "SERIAL1");
    CHECK(identity.firmware == "FW01");
    CHECK(identity.wwn == "0x5000000000000000");
    CHECK(parse_ata_information_page("short").model.empty());
}

TEST_CASE("a serial or WWN of two drives matches neither") {
    Topology topology;
    for (const char* device : {"sda", "sdb", "sdc"}) {
        Drive drive;
        drive.id = std::string("id-") + device;
        drive.device = device;
        drive.serial = drive.device == "sdc" ? "S2" : "S1";
        drive.wwn = drive.device == "sda" ? "0x1" : "0x2";
        topology.drives[drive.id] = drive;
    }
    CHECK(topology.find_drive("S1") == nullptr);
    CHECK(topology.find_drive("0x2") == nullptr);
    CHECK(topology.find_drive("S2")->device == "sdc");
    CHECK(topology.find_drive("0x1")->device == "sda");
}

TEST_CASE("only real drives count as drives") {
    RecordedHost host;
    const std::string bus = "/sys/devices/pci0000:00/0000:00:10.0";
    for (const char* name : {"mmcblk0", "mmcblk0boot0", "mmcblk0rpmb"})
        host.block(name, bus + "/mmc_host/mmc0/mmc0:0001/block/" + name,
                   std::string("179:") + std::to_string(std::string(name).size()));
    // A multipath NVMe drive: the namespace, and the hidden device of one path.
    host.block("nvme0n1", "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
    host.block("nvme0c1n1", bus + "/nvme/nvme1/nvme0c1n1", "259:1");
    // A card reader with one used and one empty slot; a fixed drive that reports no size.
    for (const char* name : {"sda", "sdb", "sdc"})
        host.block(name, bus + "/usb1/1-1/host0/target0:0:0/0:0:0:" + (name + 2) + "/block/" + name,
                   std::string("8:") + name[2]);
    for (const char* name : {"sda", "sdb"})
        host.file(bus + "/usb1/1-1/host0/target0:0:0/0:0:0:" + (name + 2) + "/block/" + name +
                      "/removable",
                  "1\n");
    for (const char* name : {"sdb", "sdc"})
        host.file(
            bus + "/usb1/1-1/host0/target0:0:0/0:0:0:" + (name + 2) + "/block/" + name + "/size",
            "0\n");
    for (const char* name : {"sr0", "nbd0", "zram0", "ram1", "fd0", "drbd0", "rbd0", "mtdblock0"})
        host.block(name, std::string("/sys/devices/virtual/block/") + name,
                   "99:" + std::string(name));
    const Topology topology = Topology::read(host.host()).value();
    Set devices;
    for (const auto& [id, drive] : topology.drives) {
        devices.insert(drive.device);
        devices.insert(drive.other_devices.begin(), drive.other_devices.end());
    }
    CHECK(devices == Set{"mmcblk0", "nvme0n1", "sda", "sdc"});
}

TEST_CASE("the number after the dot selects the drive on a shared ATA port") {
    const auto at = [](const char* first, const char* second) {
        Topology topology;
        for (const auto& [id, target] : {std::pair("a", first), {"b", second}}) {
            Drive drive;
            drive.id = id;
            drive.sysfs = std::string("/sys/devices/pci0000:00/ata5/host4/target4:") + target +
                          "/4:" + target + ":0/block/sd" + id;
            topology.drives[id] = drive;
        }
        return topology;
    };
    // Port multiplier: its port is the channel. Master and slave: an id each
    // (drivers/ata/libata-scsi.c, ata_scsi_scan_host).
    for (const Topology& topology : {at("0:0", "1:0"), at("0:0", "0:1")}) {
        CHECK(topology.drives_at("ata5.00") == Set{"a"});
        CHECK(topology.drives_at("ata5.01") == Set{"b"});
        CHECK(topology.drives_at("ata5") == Set{"a", "b"});
        CHECK(topology.drives_at("ata5.15") == Set{"a", "b"});  // the port multiplier itself
    }
    CHECK(at("0:0", "12:0").drives_at("ata5.12") == Set{"b"});
}

TEST_CASE("an NVMe controller without a serial is not confused with another") {
    RecordedHost host;
    const std::string nvme = "/sys/devices/pci0000:00/0000:00:1d.0/0000:03:00.0/nvme/nvme0";
    host.block("nvme0n1", nvme + "/nvme0n1", "259:0");
    host.directory("/sys/class/nvme/nvme1");
    const Topology topology = Topology::read(host.host()).value();
    REQUIRE(topology.drives.size() == 1);
    CHECK(topology.drives.begin()->second.serial.empty());
    CHECK(topology.drives_at("nvme1").empty());
    CHECK(topology.drives_at("nvme0").size() == 1);
}

TEST_CASE("a btrfs mounted by a link is found even without udev") {
    RecordedHost host;
    host.block("vda", "/sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vda", "254:0");
    host.file("/dev/vda", "");
    host.link("/dev/disk/by-uuid/aa-bb", "../../vda");
    host.directory("/sys/fs/btrfs/aa-bb/devices/vda");
    host.file("/proc/self/mountinfo",
              "22 1 0:41 / / rw - btrfs /dev/disk/by-uuid/aa-bb rw,subvol=/\n");
    const Topology topology = Topology::read(host.host()).value();
    CHECK(topology.drives_under_mount(topology.mounts.at(0)).size() == 1);
}
