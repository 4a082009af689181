#include <doctest/doctest.h>

#include "collectors/backups/disks.hpp"
#include "collectors/backups/state.hpp"
#include "core/ephemeral.hpp"
#include "core/metrics/backups.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/processor_time.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using test::RecordedHost;

namespace {

std::optional<FailureDomain> domain_of(const Host& host, const Config& config,
                                       const Backup& backup) {
    const auto topology = Topology::read(host, config.loop_devices);
    REQUIRE(topology);
    std::vector<Place> sources;
    for (const std::string& path : backup.covers)
        sources.push_back(find_place(host, *topology, path));
    return closest_domain(host, *topology, backup, sources);
}

// Of /srv's copies in /backup, with `mount` ("nfs4 nas:/x") on one of the two.
std::optional<FailureDomain> domain_with(RecordedHost& recorded, const std::string& point,
                                         const std::string& mount) {
    recorded.file("/proc/self/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n28 27 0:50 / " +
                                              point + " rw - " + mount + " rw\n");
    Backup backup;
    backup.kind = BackupKind::restic;
    backup.covers = {"/srv"};
    backup.location = "/backup";
    return domain_of(recorded.host(), Config{}, backup);
}

}  // namespace

TEST_CASE("copies on the drive of their source, and on another drive of this host") {
    RecordedHost recorded;
    const std::string devices = "/sys/devices/pci0000:00/0000:00:1f.2/";
    const std::string first = devices + "ata3/host2/target2:0:0/2:0:0:0/block/sda";
    const std::string second = devices + "ata4/host3/target3:0:0/3:0:0:0/block/sdb";
    recorded.block("sda", first, "8:0");
    recorded.block("sda1", first + "/sda1", "8:1", true);
    recorded.block("sda2", first + "/sda2", "8:2", true);
    recorded.block("sdb", second, "8:16");
    recorded.block("sdb1", second + "/sdb1", "8:17", true);
    recorded.file("/proc/self/mountinfo",
                  "27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
                  "28 27 8:2 / /backup rw,relatime - ext4 /dev/sda2 rw\n"
                  "29 27 8:17 / /second rw,relatime - xfs /dev/sdb1 rw\n");
    recorded.directory("/var/lib/mysql");
    recorded.directory("/backup/db");
    recorded.directory("/second/db");

    const Config config;
    Backup backup;
    backup.kind = BackupKind::files;
    backup.covers = {"/var/lib/mysql"};
    backup.location = "/backup/db/*.sql";
    CHECK(domain_of(recorded.host(), config, backup) == FailureDomain::same_drive);
    backup.location = "/second/db/*.sql";
    CHECK(domain_of(recorded.host(), config, backup) == FailureDomain::same_host);
    // A path that does not exist has the domain of its parent.
    backup.location = "/second/not/yet/*.sql";
    CHECK(domain_of(recorded.host(), config, backup) == FailureDomain::same_host);
    backup.covers = {"/var/lib/mysql", "/second/db"};
    CHECK(domain_of(recorded.host(), config, backup) == FailureDomain::same_filesystem);
    backup.kind = BackupKind::stamp;
    CHECK_FALSE(domain_of(recorded.host(), config, backup));
}

TEST_CASE("the place of a disk that is not mounted says nothing about the copies") {
    RecordedHost recorded;
    recorded.file("/etc/fstab", "/dev/sdc1 /backup ext4 noauto 0 0\n");
    CHECK(domain_with(recorded, "/elsewhere", "ext4 /dev/sdd1") == FailureDomain::unknown);
    recorded.file("/etc/fstab", "/dev/sdc1 /other ext4 noauto 0 0\n");
    CHECK(domain_with(recorded, "/elsewhere", "ext4 /dev/sdd1") == FailureDomain::same_filesystem);
}

TEST_CASE("network mounts served by this host and by others") {
    RecordedHost recorded;
    recorded.file("/proc/sys/kernel/hostname", "db8\n");
    recorded.file("/etc/hosts",
                  "127.0.0.1 localhost\n127.0.1.1 db8.example.com backup-here\n192.0.2.9 nas\n");
    recorded.file("/proc/net/fib_trie",
                  "Main:\n        |-- 192.0.2.0\n           /24 link UNICAST\n"
                  "Local:\n        |-- 192.0.2.7\n           /32 host LOCAL\n"
                  "        |-- 192.0.2.8\n           /32 host UNICAST\n");
    recorded.directory("/backup");
    recorded.directory("/srv");
    const auto domain = [&](const std::string& mount) {
        return domain_with(recorded, "/backup", mount);
    };
    for (const char* here : {"nfs4 localhost:/x", "nfs4 db8:/x", "nfs4 db8.example.com:/x",
                             "nfs4 backup-here:/x", "nfs4 127.0.0.2:/x", "nfs4 [::1]:/x",
                             "nfs4 192.0.2.7:/x", "cifs //db8/share", "fuse.sshfs me@db8:/x"})
        CHECK_MESSAGE(domain(here) == FailureDomain::same_host, here);
    for (const char* elsewhere :
         {"nfs4 nas:/x", "nfs4 db80:/x", "nfs4 192.0.2.8:/x", "nfs4 192.0.2.70:/x",
          "nfs4 [fe80::1]:/x", "cifs //nas/db8", "fuse.sshfs db8@nas:/x", "nfs4 backup:/x"})
        CHECK_MESSAGE(domain(elsewhere) == FailureDomain::off_host, elsewhere);
}

TEST_CASE("the closest domain counts, in any order of covers") {
    RecordedHost recorded;
    recorded.file("/proc/self/mountinfo",
                  "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n28 27 0:50 / /nas rw - nfs4 nas:/x rw\n");
    recorded.directory("/srv");
    recorded.directory("/nas");
    Backup backup;
    backup.kind = BackupKind::restic;
    backup.location = "/srv/restic";
    for (const auto& covers : {std::vector<std::string>{"/etc", "/nas"}, {"/nas", "/etc"}}) {
        backup.covers = covers;
        CHECK(domain_of(recorded.host(), Config{}, backup) == FailureDomain::same_filesystem);
    }
}

TEST_CASE("only the mount points above a path must be mounted") {
    RecordedHost recorded;
    recorded.file("/etc/fstab",
                  "UUID=1 / ext4 defaults 0 1\nnas:/a /mnt/nas nfs4 defaults 0 0\n"
                  "nas:/b /mnt/other nfs4 noauto 0 0\n");
    recorded.file(
        "/proc/self/mountinfo",
        "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n28 27 0:50 / /mnt/nas rw - nfs4 nas:/a rw\n");
    CHECK(check_mounted(recorded.host(), "/mnt/nas/db").has_value());
    CHECK(check_mounted(recorded.host(), "/mnt/nas").has_value());
    CHECK(check_mounted(recorded.host(), "/mnt/otherwise").has_value());
    CHECK_FALSE(check_mounted(recorded.host(), "/mnt/other/db").has_value());
    recorded.link("/nas", "/mnt/nas");
    recorded.link("/other", "/mnt/third");
    recorded.file("/etc/fstab", "nas:/a /nas nfs4 defaults 0 0\nnas:/b /other nfs4 noauto 0 0\n");
    CHECK(check_mounted(recorded.host(), "/nas/db").has_value());
    CHECK_FALSE(check_mounted(recorded.host(), "/other/db").has_value());
    CHECK_FALSE(check_mounted(recorded.host(), "/mnt/third/db").has_value());
}

TEST_CASE("data on a network mount, copies on a drive of this host") {
    RecordedHost recorded;
    recorded.file("/proc/sys/kernel/hostname", "db8\n");
    recorded.directory("/backup");
    recorded.directory("/srv");
    const auto domain = [&](const std::string& mount) {
        return domain_with(recorded, "/srv", mount);
    };
    CHECK(domain("nfs4 db8:/x") == FailureDomain::same_host);
    CHECK(domain("nfs4 nas:/x") == FailureDomain::off_host);
}

TEST_CASE("the drives of this host are read once for all backups") {
    RecordedHost recorded;
    for (int i = 0; i < 100; ++i) {
        const std::string name = "sd" + std::to_string(i), port = std::to_string(i);
        recorded.block(name,
                       "/sys/devices/pci0000:00/ata" + port + "/host" + port + "/block/" + name,
                       "8:" + std::to_string(16 * i));
    }
    recorded.file("/proc/self/mountinfo", "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    Config config;
    const auto time_of = [&](int backups) {
        config.backups.assign(static_cast<size_t>(backups), {});
        for (Backup& backup : config.backups) {
            backup.name = "db";
            backup.kind = BackupKind::restic;
            backup.location = "/backup";
            backup.covers = {"/"};
        }
        return test::processor_time(
            [&] { test::run_on_host(*find_collector("backups"), recorded.root(), config); });
    };
    CHECK(time_of(50) < 10 * time_of(1));
}

TEST_CASE("whether copies lie on this host can be told without covers") {
    RecordedHost recorded;
    recorded.file("/proc/self/mountinfo",
                  "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n28 27 0:50 / /nas rw - nfs4 nas:/x rw\n");
    recorded.directory("/dump");
    recorded.directory("/nas/dump");
    const auto here = [&](const char* location, BackupKind kind = BackupKind::vzdump) {
        Backup backup;
        backup.kind = kind;
        backup.location = location;
        return lies_on_host(recorded.host(), *Topology::read(recorded.host(), false), backup);
    };
    CHECK(here("/dump") == true);
    CHECK(here("/nas/dump") == false);
    CHECK_FALSE(here("/dump", BackupKind::stamp).has_value());
    CHECK_FALSE(here("x.service", BackupKind::systemd).has_value());
}

TEST_CASE("copies in memory, or on a disk that says that it is lost, do not last") {
    RecordedHost recorded;
    const std::string disk = "/sys/devices/pci0000:00/0000:00:1f.2/block/sdb";
    recorded.block("sdb", disk, "8:16");
    recorded.file("/proc/self/mountinfo",
                  "28 1 0:50 / /memory rw - tmpfs none rw\n"
                  "29 1 8:16 / /mnt rw - ext4 /dev/sdb rw\n"
                  "30 1 0:51 / /nas rw - nfs4 nas:/x rw\n");
    const auto found = [&](const std::string& location) {
        const auto topology = Topology::read(recorded.host(), Config{}.loop_devices);
        REQUIRE(topology);
        Backup backup;
        backup.name = "b";
        backup.kind = BackupKind::files;
        backup.location = location;
        MemorySink sink;
        const auto ephemeral = ephemeral_drives(recorded.host(), *topology);
        observe_disks(recorded.host(), sink, *topology, ephemeral, backup);
        std::string text;
        for (const Observation& one : sink.observations)
            text += one.metric == &metric::backup_drive ? "drive " : one.value == 1 ? "lost " : "";
        return text;
    };
    CHECK(found("/memory/*.sql") == "lost ");
    CHECK(found("/nas/*.sql").empty());
    CHECK(found("/mnt/*.sql") == "drive ");
    recorded.file("/mnt/DATALOSS_WARNING_README.txt", "x");
    CHECK(found("/mnt/*.sql") == "lost drive ");
}

TEST_CASE("what lies on such a disk by a loop device, an overlay or a bind mount does not last") {
    RecordedHost recorded;
    for (int i = 0; i < 2; ++i) {
        const std::string name = "loop" + std::to_string(i);
        const std::string sysfs = "/sys/devices/virtual/block/" + name;
        recorded.block(name, sysfs, "7:" + std::to_string(i));
        recorded.file(sysfs + "/loop/backing_file", i == 0 ? "/memory/i.img\n" : "/azure/i.img\n");
    }
    recorded.block("zram0", "/sys/devices/virtual/block/zram0", "252:0");
    recorded.file("/proc/self/mountinfo",
                  "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n"
                  "28 27 0:50 / /memory rw - tmpfs none rw\n"
                  "29 27 8:16 / /azure rw - ext4 /dev/sdb rw\n"
                  "30 27 8:16 /sub /bound rw - ext4 /dev/sdb rw\n"
                  "31 27 7:0 / /loop-memory rw - ext4 /dev/loop0 rw\n"
                  "32 27 7:1 / /loop-azure rw - ext4 /dev/loop1 rw\n"
                  "33 27 0:51 / /over rw - overlay none rw,lowerdir=/l,upperdir=/azure/u\n"
                  "34 27 252:0 / /zram rw - ext4 /dev/zram0 rw\n"
                  "35 27 0:52 / /over-plain rw - overlay none rw,lowerdir=/azure,upperdir=/u\n");
    recorded.file("/azure/DATALOSS_WARNING_README.txt", "x");
    const auto topology = Topology::read(recorded.host(), false);
    REQUIRE(topology);
    for (const Mount& mount : topology->mounts) {
        CAPTURE(mount.point);
        CHECK(lies_on_ephemeral_disk(recorded.host(), *topology, mount, {}) ==
              (mount.point != "/" && mount.point != "/over-plain"));
    }
}
