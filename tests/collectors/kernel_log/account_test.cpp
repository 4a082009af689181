// Attribution and counting of kernel events.
#include "collectors/kernel_log/account.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <optional>
#include <string>
#include <vector>

#include "collectors/kernel_log/names.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/collectors/kernel_log/totals.hpp"

using namespace lastgood;
using test::text_of;
using test::totals;

namespace {

Drive drive(const std::string& id, const std::string& device, const std::string& sysfs) {
    Drive made;
    made.id = id;
    made.device = device;
    made.sysfs = sysfs;
    return made;
}

BlockDevice block(const std::string& name, const std::string& number, BlockKind kind,
                  std::vector<std::string> below = {}) {
    BlockDevice made;
    made.name = name;
    made.number = number;
    made.kind = kind;
    made.below = std::move(below);
    return made;
}

void add(Topology& topology, const Drive& made, const std::string& number) {
    topology.drives[made.id] = made;
    topology.devices[made.device] = block(made.device, number, BlockKind::drive);
    topology.devices[made.device].sysfs = made.sysfs;
}

Topology two_drives() {
    Topology topology;
    add(topology,
        drive("wwn-A", "sda", "/sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"),
        "8:0");
    add(topology,
        drive("wwn-B", "sdb", "/sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sdb"),
        "8:16");
    topology.devices["sda1"] = block("sda1", "8:1", BlockKind::partition, {"sda"});
    topology.devices["sdb1"] = block("sdb1", "8:17", BlockKind::partition, {"sdb"});
    topology.devices["md0"] = block("md0", "9:0", BlockKind::md, {"sda1", "sdb1"});
    topology.devices["dm-0"] = block("dm-0", "253:0", BlockKind::dm, {"sda1"});
    topology.devices["dm-1"] = block("dm-1", "253:1", BlockKind::dm, {"md0"});
    topology.devices["loop0"] = block("loop0", "7:0", BlockKind::loop);
    Mount mount;
    mount.number = "9:0";
    mount.root = "/";
    mount.point = "/srv";
    mount.source = "/dev/md0";
    topology.mounts.push_back(mount);
    return topology;
}

// An account over a topology that the test may change.
struct Fixture {
    Host host{"/nonexistent-root"};
    Topology topology = two_drives();
    int reads = 0;
    Seconds clock = 1000;
    HostKernelLogNames names{host,
                             [this]() -> std::optional<Topology> {
                                 ++reads;
                                 return topology;
                             },
                             [this] { return clock; }};
    KernelLogAccount account{names};
    KernelLogReader reader{[this](const KernelEvent& event, const KernelLogReader::Origin& origin) {
        account.charge(event, origin);
    }};

    void log(std::string_view message, std::string_view device = "") {
        reader.feed(message, {5, device});
    }
    void remove_sdb() {
        topology.drives.erase("wwn-B");
        topology.devices.erase("sdb");
        topology.devices.erase("sdb1");
        clock += 60;
    }
    std::string charged() {
        reader.flush();
        return text_of(totals(account.drain()));
    }
};

}  // namespace

TEST_CASE("a btrfs member named by its udev link keeps its drive after the drive is removed") {
    Fixture fixture;
    fixture.topology.btrfs_links["disk/by-id/ata-A_1"] = "sda1";
    HostKernelLogNames names(
        fixture.host, [&]() -> std::optional<Topology> { return fixture.topology; },
        [&] { return fixture.clock; });
    KernelEvent event;
    event.device = "disk/by-id/ata-A_1";
    CHECK(names.subjects(event, "").drives == std::vector<std::string>{"wwn-A"});
    fixture.topology.btrfs_links.clear();
    for (const char* gone : {"sda", "sda1"}) fixture.topology.devices.erase(gone);
    fixture.topology.drives.erase("wwn-A");
    KernelEvent another;
    another.kind = KernelEventKind::appeared;
    another.device = "sdq";
    names.note(another);
    REQUIRE(names.needs_settling());
    fixture.clock += 10;
    names.settle();  // reads the topology
    CHECK_FALSE(names.needs_settling());
    CHECK(names.subjects(event, "").drives == std::vector<std::string>{"wwn-A"});
}

TEST_CASE("an LVM volume has the id that the arrays collector gives it") {
    const Host host(test::host_directory("lvm-leg-lost"));
    HostKernelLogNames names(
        host, [&]() -> std::optional<Topology> { return Topology::read(host).value(); },
        [] { return 1000.0; });
    CHECK(names.array("dm-4") == "dm-uuid-LVM-EXAMPLEvgEXAMPLEvgEXAMPLEvgEXAMPlvEXAMPLEdata");
    CHECK(names.array("dm-1") == "dm-1");
}

TEST_CASE("errors are charged to the drive that a device, port, address or number names") {
    Fixture fixture;
    fixture.log("I/O error, dev sda, sector 1 op 0x0:(READ)");
    CHECK(fixture.charged() == "wwn-A io/block=1; ");
    fixture.log("Buffer I/O error on dev sdb1, logical block 1, async page read");
    CHECK(fixture.charged() == "wwn-B io/buffer=1; ");
    fixture.log("ata2.00: failed command: READ DMA");
    CHECK(fixture.charged() == "wwn-B io/ata=1; ");
    fixture.log("ata1: hard resetting link");
    CHECK(fixture.charged() == "wwn-A reset/ata=1; ");
    fixture.log("sd 1:0:0:0: rejecting I/O to offline device");
    CHECK(fixture.charged() == "wwn-B device_gone/scsi=1; ");
    fixture.log("Write-error on swap-device (8:17:4)");
    CHECK(fixture.charged() == "wwn-B io/buffer=1; ");
    fixture.log("I/O error, dev sda, sector 1", "b8:0");
    CHECK(fixture.charged() == "wwn-A io/block=1; ");
    fixture.log("md/raid1:md0: Disk failure on sdb1, disabling device.");
    CHECK(fixture.charged() == "wwn-B kicked/md=1; ");
}

TEST_CASE("errors of a port are charged to the drive that was there a moment ago") {
    Fixture fixture;
    fixture.remove_sdb();
    fixture.log("I/O error, dev sdz, sector 1");  // an unknown name: reads the topology again
    fixture.log("ata2: hard resetting link");
    CHECK(fixture.charged() == "unknown-sdz io/block=1; wwn-B reset/ata=1; ");
}

TEST_CASE("errors of a mapped device are charged to its drive only if it has one drive") {
    Fixture fixture;
    fixture.log("I/O error, dev dm-0, sector 1");
    CHECK(fixture.charged() == "wwn-A io/dm=1; ");
    fixture.log("I/O error, dev md0, sector 1");
    CHECK(fixture.charged() == "md0 io/block=1; ");
    fixture.log("Buffer I/O error on dev dm-1, logical block 1, async page read");
    CHECK(fixture.charged() == "dm-1 io/buffer=1; ");
    fixture.log("md/raid:md0: Cannot continue operation (2/2 failed).");
    CHECK(fixture.charged() == "md0 array_failed/md=1; ");
}

TEST_CASE("errors of a filesystem are not charged to a drive") {
    Fixture fixture;
    fixture.log(
        "EXT4-fs error (device md0): ext4_find_entry:1455: inode #2: comm ls: reading directory "
        "lblock 0");
    fixture.log("Aborting journal on device md0-8.");
    fixture.log("journal commit I/O error");  // names no filesystem, and follows one that does
    fixture.log("EXT4-fs (md0): Remounting filesystem read-only");
    CHECK(fixture.charged() ==
          "/srv inconsistent/filesystem=1; /srv journal_aborted/journal=1; /srv "
          "read_only/filesystem=1; ");
}

TEST_CASE("errors of a stopped array are not charged to its last members") {
    Fixture fixture;
    // The topology is read while md stops the array: one member is left. Then the array is gone.
    fixture.topology.devices.at("md0").below = {"sdb1"};
    fixture.clock += 5;
    fixture.log("Buffer I/O error on dev md7, logical block 0, async page read");
    CHECK(fixture.charged() == "md7 io/buffer=1; ");
    fixture.topology.devices.erase("md0");
    fixture.clock += 5;
    fixture.log("I/O error, dev sdq, sector 1");
    fixture.charged();
    fixture.log("Buffer I/O error on dev md0, logical block 0, async page read");
    CHECK(fixture.charged() == "md0 io/buffer=1; ");
}

TEST_CASE("a filesystem that was mounted after the topology was read is found") {
    Fixture fixture;
    Mount mount;
    mount.number = "0:44";  // btrfs has no device number of its own
    mount.root = "/";
    mount.point = "/srv/data";
    mount.source = "/dev/sdb";
    fixture.topology.mounts.push_back(mount);
    const int reads = fixture.reads;
    fixture.clock += 5;
    fixture.log("BTRFS error (device sdb): error writing primary super block to device 1");
    CHECK(fixture.charged().starts_with("/srv/data "));
    CHECK(fixture.reads == reads + 1);
    // An unknown filesystem does not cause a read for each error.
    for (int i = 0; i < 10; ++i) fixture.log("EXT4-fs (sdq1): Remounting filesystem read-only");
    CHECK(fixture.reads <= reads + 2);
}

TEST_CASE("errors without a watched drive are dropped, unknown drives are named unknown") {
    Fixture fixture;
    fixture.log("I/O error, dev loop0, sector 1");
    fixture.log("I/O error, dev fd0, sector 0");
    fixture.log("usb 1-2: reset full-speed USB device number 3 using xhci_hcd");
    CHECK(fixture.charged().empty());
    fixture.log("I/O error, dev sdx, sector 1");
    fixture.log("ata7: hard resetting link");
    CHECK(fixture.charged() == "unknown-ata7 reset/ata=1; unknown-sdx io/block=1; ");
}

TEST_CASE("a removed drive keeps its device name until another drive appears under it") {
    Fixture fixture;
    fixture.remove_sdb();
    fixture.names.settle();
    fixture.log("I/O error, dev sdb, sector 1");
    fixture.log("Buffer I/O error on dev sdb1, logical block 0, async page read");
    CHECK(fixture.charged() == "wwn-B io/block=1; wwn-B io/buffer=1; ");
    add(fixture.topology,
        drive("wwn-C", "sdb", "/sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sdb"),
        "8:16");
    // The new drive is in sysfs, but not yet in the log: this error is the old drive's.
    fixture.log("I/O error, dev sdb, sector 1", "b8:16");
    CHECK(fixture.charged() == "wwn-B io/block=1; ");
    fixture.log("sd 1:0:0:0: [sdb] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)");
    fixture.log("I/O error, dev sdb, sector 2");  // before its partitions are known
    CHECK(fixture.charged() == "wwn-C io/block=1; ");
    fixture.log("sd 1:0:0:0: [sdb] Attached SCSI disk");
    fixture.clock += 3;
    fixture.names.settle();
    fixture.log("I/O error, dev sdb, sector 1");
    CHECK(fixture.charged() == "wwn-C io/block=1; ");
}

TEST_CASE("partitions of a new drive do not belong to the drive that had its name before") {
    Fixture fixture;
    fixture.topology.drives.erase("wwn-B");
    add(fixture.topology,
        drive("wwn-C", "sdb", "/sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sdb"),
        "8:16");
    fixture.log("sd 1:0:0:0: [sdb] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)");
    fixture.log("Buffer I/O error on dev sdb1, logical block 0, async page read");
    CHECK(fixture.charged() == "wwn-C io/buffer=1; ");
}

TEST_CASE("errors before a device name was reused in the backlog are charged to an unknown drive") {
    Fixture fixture;
    const char* const lines[] = {
        "sd 1:0:0:0: [sdb] 3907029168 512-byte logical blocks: (2.00 TB/1.82 TiB)",
        "I/O error, dev sdb, sector 1",
        "sd 1:0:0:0: [sdb] Synchronizing SCSI cache",
        "sd 1:0:0:0: [sdb] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)",
        "timeout error, dev sdb, sector 1",
    };
    for (const char* line : lines) {
        const auto event = parse_kernel_message(line);
        if (event) fixture.names.learn_backlog(*event);
    }
    for (const char* line : lines) fixture.log(line);
    CHECK(fixture.charged() == "unknown-sdb io/block=1; wwn-B timeout/block=1; ");
}

TEST_CASE("many errors of an unknown name read the topology once") {
    Fixture fixture;
    fixture.clock += 60;
    const int before = fixture.reads;
    for (int i = 0; i < 1000; ++i) fixture.log("I/O error, dev sdx, sector 1");
    CHECK(fixture.reads - before <= 1);
    CHECK(fixture.charged() == "unknown-sdx io/block=1000; ");
}

TEST_CASE("btrfs counters: the growth is counted, not the history") {
    Fixture fixture;
    fixture.log(
        "BTRFS info (device sda1): bdev /dev/sdb1 errs: wr 100, rd 5, flush 0, corrupt 7, gen 0");
    CHECK(fixture.charged().empty());
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 103, rd 5, flush 0, corrupt 7, gen 0");
    CHECK(fixture.charged() == "wwn-B io/filesystem=3; ");
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 103, rd 5, flush 0, corrupt 9, gen 0");
    CHECK(fixture.charged() == "wwn-B checksum/filesystem=2; ");
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sda1 errs: wr 9000, rd 0, flush 0, corrupt 0, gen 0");
    CHECK(fixture.charged() == "wwn-A io/filesystem=1; ");  // the values before are unknown
    fixture.log(
        "BTRFS error (device sda1): bdev (efault) errs: wr 1, rd 0, flush 0, corrupt 0, gen 0");
    CHECK(fixture.charged().empty());
}

TEST_CASE("btrfs counters that were reset: their whole value is new") {
    Fixture fixture;
    fixture.log(
        "BTRFS info (device sda1): bdev /dev/sdb1 errs: wr 100, rd 5, flush 0, corrupt 7, gen 0");
    // btrfs device stats -z, then two failed writes.
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 2, rd 0, flush 0, corrupt 0, gen 0");
    CHECK(fixture.charged() == "wwn-B io/filesystem=2; ");
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 3, rd 0, flush 0, corrupt 0, gen 0");
    CHECK(fixture.charged() == "wwn-B io/filesystem=1; ");
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 3, rd 0, flush 0, corrupt 4, gen 0");
    fixture.log(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 0, rd 0, flush 0, corrupt 1, gen 0");
    CHECK(fixture.charged() == "wwn-B checksum/filesystem=5; ");
}

TEST_CASE("suppressed messages are counted if they are about storage") {
    Fixture fixture;
    fixture.log("blk_update_request: 25 callbacks suppressed");
    fixture.log("kauditd_printk_skb: 24 callbacks suppressed");
    CHECK(fixture.charged() == "lastgood_kernel_log_suppressed_messages_total=25; ");
}

TEST_CASE("a flood of made-up device names makes a bounded number of series") {
    Fixture fixture;
    for (int i = 0; i < 20000; ++i) fixture.log(fmt::format("I/O error, dev sdz{}x, sector 1", i));
    CHECK(fixture.account.drain().size() <= 5000);
}

TEST_CASE("errors of a USB port or SCSI host with several drives are dropped") {
    Fixture fixture;
    add(fixture.topology,
        drive("wwn-C", "sdc",
              "/sys/devices/pci0000:00/usb1/1-3/host5/target5:0:0/5:0:0:0/block/sdc"),
        "8:32");
    fixture.clock += 5;
    fixture.log("I/O error, dev sdq, sector 1");  // makes it look
    fixture.charged();
    fixture.log("usb 1-3: reset high-speed USB device number 2 using xhci_hcd");
    CHECK(fixture.charged() == "wwn-C reset/usb=1; ");
    add(fixture.topology,
        drive("wwn-D", "sdd",
              "/sys/devices/pci0000:00/usb1/1-3/host5/target5:0:0/5:0:0:1/block/sdd"),
        "8:48");
    fixture.clock += 5;
    fixture.log("I/O error, dev sdq, sector 1");
    fixture.charged();
    fixture.log("usb 1-3: reset high-speed USB device number 2 using xhci_hcd");
    CHECK(fixture.charged().empty());
}

TEST_CASE("a filesystem with several mounts is named after the mount of its root") {
    Fixture fixture;
    fixture.topology.mounts.clear();
    for (const auto& [root, point] :
         {std::pair("/www", "/export"), {"/", "/srv"}, {"/", "/again"}, {"/db", "/other"}}) {
        Mount mount;
        mount.number = "9:0";
        mount.root = root;
        mount.point = point;
        mount.source = "/dev/md0";
        fixture.topology.mounts.push_back(mount);
    }
    fixture.clock += 5;
    fixture.log("I/O error, dev sdq, sector 1");
    fixture.charged();
    fixture.log("EXT4-fs (md0): Remounting filesystem read-only");
    CHECK(fixture.charged() == "/srv read_only/filesystem=1; ");
}

TEST_CASE("an increment has the time of its newest error") {
    Fixture fixture;
    for (const Timestamp time : {5.0, 9.0, 7.0})
        fixture.reader.feed("I/O error, dev sda, sector 1", {time, ""});
    fixture.reader.flush();
    const auto found = fixture.account.drain();
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == 3);
    CHECK(found[0].observed_at == 9);
}

TEST_CASE("a drive that has appeared is read again after udev has identified it") {
    Fixture fixture;
    const std::string sysfs = "/sys/devices/pci0000:00/ata3/host2/target2:0:0/2:0:0:0/block/sdc";
    // Until then it has an id of its place only.
    add(fixture.topology, drive("unstable-place", "sdc", sysfs), "8:32");
    fixture.log("sd 2:0:0:0: [sdc] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)");
    const int reads = fixture.reads;
    fixture.clock += 1.5;
    fixture.names.settle();
    CHECK(fixture.reads == reads);
    CHECK(fixture.names.needs_settling());
    fixture.topology.drives.clear();
    add(fixture.topology, drive("wwn-C", "sdc", sysfs), "8:32");
    fixture.clock += 0.5;
    fixture.names.settle();
    CHECK(fixture.reads == reads + 1);
    CHECK_FALSE(fixture.names.needs_settling());
    fixture.log("I/O error, dev sdc, sector 1");
    CHECK(fixture.charged() == "wwn-C io/block=1; ");
}
