// The collector "uses" on recorded hosts.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/drives.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/recorded_host.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

// One drive, sda, with partitions as a test adds them.
class OneDrive {
  public:
    OneDrive() {
        host_.block("sda", sysfs, "8:0");
        udev("8:0", "E:ID_MODEL=M\nE:ID_SERIAL_SHORT=S\n");
        host_.file("/proc/filesystems", "\text4\n");
        host_.file("/proc/self/mountinfo", "");
    }
    // `properties` are lines of udev's record.
    void partition(int number, const std::string& properties) {
        const std::string device = fmt::format("8:{}", number);
        host_.block(fmt::format("sda{}", number), fmt::format("{}/sda{}", sysfs, number), device,
                    true);
        udev(device, properties);
    }
    // A mapped device over sda1, without a filesystem of its own.
    void mapped(const std::string& name, const std::string& uuid) {
        const std::string directory = "/sys/devices/virtual/block/dm-0";
        host_.block("dm-0", directory, "253:0");
        host_.file(directory + "/dm/name", name + "\n");
        host_.file(directory + "/dm/uuid", uuid + "\n");
        host_.link(directory + "/slaves/sda1", "../../../../" + std::string(sysfs).substr(5));
    }
    // loop3 over sda1.
    void loop() {
        const std::string directory = "/sys/devices/virtual/block/loop3";
        host_.block("loop3", directory, "7:3");
        host_.file(directory + "/loop/backing_file", "/dev/sda1\n");
    }
    void file(const std::string& path, const std::string& text) { host_.file(path, text); }

    // "sda1 swap /dev/sda1;"
    std::string uses() const {
        std::string text;
        const auto ran = test::run_on_host(*find_collector("uses"), host_.root());
        for (const Observation* use : test::select(ran.sink.observations, metric::drive_use))
            text += fmt::format("{} {} {};", use->label("device"), use->label("use"),
                                use->label("name"));
        return text;
    }

  private:
    void udev(const std::string& number, const std::string& properties) {
        host_.file("/run/udev/data/b" + number, "I:1\n" + properties);
    }

    static constexpr const char* sysfs = "/sys/devices/pci0000:00/0000:00:05.0/ata1/block/sda";
    test::RecordedHost host_;
};

}  // namespace

TEST_CASE("uses of recorded hosts match their golden files") {
    const Collector* uses = find_collector("uses");
    REQUIRE(uses != nullptr);
    for (const char* name :
         {"mirror-healthy", "raid10-one-lost", "read-only-by-error", "lvm-leg-lost"})
        CHECK(test::matches_golden(fmt::format("hosts/{}/golden/uses.jsonl", name),
                                   test::run_on_host(*uses, test::host_directory(name)).text));
}

TEST_CASE("a use that no filesystem shows is told by its signature") {
    for (const char* type : {"zfs_member", "LVM2_member", "crypto_LUKS", "ceph_bluestore", "drbd",
                             "bcache", "linux_raid_member", "swap", "ext4", "ntfs"}) {
        OneDrive drive;
        drive.partition(1, fmt::format("E:ID_FS_TYPE={}\n", type));
        CHECK(drive.uses() == fmt::format("sda1 content {};", type));
    }
    OneDrive drive;
    // Ceph's OSD as ceph-disk made it.
    drive.partition(1, "E:ID_PART_ENTRY_TYPE=4fbd7e29-9d25-41b8-afd0-062c0ceff05d\n");
    CHECK(drive.uses() == "sda1 content partition type 4fbd7e29-9d25-41b8-afd0-062c0ceff05d;");
}

TEST_CASE("only a device that udev looked into can be unused") {
    OneDrive drive;
    CHECK(drive.uses() == "sda none ;");
    drive.file("/run/udev/data/b8:0", "I:1\n");
    CHECK(drive.uses() == "sda unknown ;");
    drive.partition(1, "E:ID_PART_ENTRY_TYPE=0fc63daf-8483-4772-8e79-3d69d8477de4\n");
    CHECK(drive.uses() == "sda1 none ;");
    drive.partition(2, "");
    CHECK(drive.uses() == "sda1 none ;sda2 unknown ;");
    drive.file("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n");
    CHECK(drive.uses() == "sda1 none ;sda2 swap /dev/sda2;");
}

TEST_CASE("a partition of which blkid told nothing is not empty") {
    const auto uses = [](const std::string& properties) {
        OneDrive drive;
        drive.partition(1, properties);
        return drive.uses();
    };
    // So udev leaves the record when blkid could not read, or found signatures that exclude each
    // other.
    CHECK(uses("E:ID_MODEL=M\n") == "sda1 unknown ;");
    CHECK(uses("E:ID_PART_ENTRY_TYPE=0x83\n"
               "E:ID_FS_AMBIVALENT=other:swap:1 filesystem:ext4:1.0\n") == "sda1 unknown ;");
    for (const char* extended : {"0x5", "0xf", "0x85"})
        CHECK(uses(fmt::format("E:ID_PART_ENTRY_TYPE={}\n", extended)) == "sda1 none ;");
}

TEST_CASE("a loop device over a partition stands on it") {
    OneDrive drive;
    drive.partition(1, "E:ID_PART_ENTRY_TYPE=0x83\n");
    drive.loop();
    CHECK(drive.uses() == "sda1 volume /dev/loop3;");
    drive.file("/proc/self/mountinfo", "40 1 7:3 / /srv rw - ext4 /dev/loop3 rw\n");
    CHECK(drive.uses() == "sda1 filesystem /srv;");
}

TEST_CASE("an opened LUKS device or volume that nothing is mounted from is in use") {
    OneDrive drive;
    drive.partition(1, "E:ID_FS_TYPE=crypto_LUKS\n");
    drive.mapped("vault", "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-vault");
    CHECK(drive.uses() == "sda1 volume vault;");
}

TEST_CASE("swaps that cannot be read are an error, not an empty answer") {
    test::RecordedHost host;
    host.file("/proc/self/mountinfo", "");
    host.directory("/proc/swaps");
    CHECK(test::run_on_host(*find_collector("uses"), host.root()).text.starts_with("error: "));
}
