#include "collectors/journal/names.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp boot = 1'700'000'000;
constexpr Timestamp now = boot + 100'000;

// A host that was started at `boot`, and its clock.
struct Machine {
    test::RecordedHost host;
    Seconds monotonic = 0;

    Machine() {
        host.file("/now", fmt::to_string(now));
        host.file("/proc/stat", fmt::format("cpu 1 2 3\nbtime {}\n", boot));
        host.file("/proc/self/mountinfo", "");
        host.directory("/sys/block");
    }

    // `appeared`: seconds after the boot
    void drive(const std::string& name, const std::string& number, const std::string& serial,
               double appeared) {
        const std::string sysfs = "/sys/devices/pci0/host1/target1/block/" + name;
        host.block(name, sysfs, number);
        host.file("/run/udev/data/b" + number,
                  fmt::format("S:disk/by-id/ata-EX_{}\nI:{:.0f}\nE:ID_MODEL=EX\n"
                              "E:ID_SERIAL_SHORT={}\n",
                              serial, appeared * 1e6, serial));
        host.link("/sys/block/" + name, ".." + sysfs.substr(4));
        host.file("/dev/" + name, "");
        host.link("/dev/disk/by-id/ata-EX_" + serial, "../../" + name);
    }

    JournalNames names() {
        return {host.host(),
                [this]() -> std::optional<Topology> {
                    auto read = Topology::read(host.host());
                    if (!read) return std::nullopt;
                    return std::move(*read);
                },
                [this] { return monotonic; }};
    }
};

}  // namespace

TEST_CASE("names of this boot") {
    Machine machine;
    machine.drive("sdb", "8:16", "A1", 3);
    JournalNames names = machine.names();
    CHECK(names.drive("sdb", now, true) == "EX_A1");
    CHECK(names.drive("sdb", boot + 1, true) == "EX_A1");  // udev looks at it after the kernel
    CHECK(names.drive("ata-EX_A1", now, true) == "EX_A1");
    CHECK(names.drive("disk/by-id/ata-EX_A1", now, true) == "EX_A1");
    CHECK(names.drive("sdx", now, true) == "unknown-sdx");
    // A name of an earlier boot may have meant another drive.
    CHECK(names.drive("sdb", boot - 10, false) == "unknown-sdb");
    for (const char* other : {"", "md0", "loop0", "sr0", "zram0", "dm-7"})
        CHECK(names.drive(other, now, true) == "");
}

TEST_CASE("a drive that took the name of another one is not charged for it") {
    Machine machine;
    machine.drive("sdb", "8:16", "NEW1", 50'000);
    {
        JournalNames names = machine.names();
        CHECK(names.drive("sdb", boot + 60'000, true) == "EX_NEW1");
        CHECK(names.drive("sdb", boot + 40'000, true) == "unknown-sdb");
    }
    Machine swapped;
    swapped.drive("sdb", "8:16", "OLD1", 3);
    JournalNames names = swapped.names();
    // It is pulled: its last messages are read when the name is gone.
    std::filesystem::remove(swapped.host.root() + "/sys/block/sdb");
    std::filesystem::remove(swapped.host.root() + "/sys/class/block/sdb");
    swapped.monotonic = 10;
    CHECK(names.drive("sdb", boot + 40'000, true) == "EX_OLD1");
    // Another one is put into its slot.
    std::filesystem::remove_all(swapped.host.root() + "/sys/devices");
    swapped.drive("sdb", "8:16", "NEW1", 50'000);
    swapped.monotonic = 20;
    names.look();
    CHECK(names.drive("sdb", boot + 40'000, true) == "EX_OLD1");
    CHECK(names.drive("sdb", boot + 60'000, true) == "EX_NEW1");
}

TEST_CASE("a drive behind a controller is the one that smartd named at its start") {
    Machine machine;
    machine.drive("sda", "8:0", "A1", 3);
    JournalNames names = machine.names();
    const char* device = "bus/0 [megaraid_disk_02]";
    CHECK_FALSE(names.knows(device));
    CHECK(names.knows("sda"));
    CHECK(names.knows("md0"));  // never a drive: there is nothing to learn
    CHECK(names.drive(device, now, true) == "unknown-bus_0_megaraid_disk_02");
    names.learn({device, "EXAMPLE DISK", "EX0002", "0x5000c500a1b2c3d4"});
    CHECK(names.knows(device));
    CHECK(names.drive(device, now, true) == "wwn-0x5000c500a1b2c3d4");
    names.learn({device, "EXAMPLE DISK", "EX0003", ""});
    CHECK(names.drive(device, now, true) == "EXAMPLE_DISK_EX0003");
    names.learn({device, "EX", "A1", "0x5000c500a1b2c3d4"});  // the kernel shows it, too
    CHECK(names.drive(device, now, true) == "EX_A1");
    names.learn({device, "EX", "", ""});
    CHECK(names.drive(device, now, true) == "EX_A1");
}

TEST_CASE("hostile names make no subjects, and not too many") {
    Machine machine;
    JournalNames names = machine.names();
    CHECK(names.drive("sd\x1b[31m", now, true) == "");
    CHECK(names.drive("sdé", now, true) == "");
    CHECK(names.drive(std::string(1000, 's'), now, true) == "");
    CHECK(names.drive("../../etc/passwd", now, true) == "unknown-.._.._etc_passwd");
    size_t subjects = 0;
    for (int i = 0; i < 1000; ++i)
        if (!names.drive(fmt::format("sd{}", i), now, true).empty()) ++subjects;
    CHECK(subjects < 70);
}
