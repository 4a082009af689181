#include <doctest/doctest.h>

#include "collectors/backups/state.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using test::RecordedHost;

TEST_CASE("copies on the drive of their source, and on another one of this host") {
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
    CHECK(failure_domain(recorded.host(), config, backup) == FailureDomain::same_drive);
    backup.location = "/second/db/*.sql";
    CHECK(failure_domain(recorded.host(), config, backup) == FailureDomain::same_host);
    // What does not exist lies where its parent does.
    backup.location = "/second/not/yet/*.sql";
    CHECK(failure_domain(recorded.host(), config, backup) == FailureDomain::same_host);
    backup.covers = {"/var/lib/mysql", "/second/db"};
    CHECK(failure_domain(recorded.host(), config, backup) == FailureDomain::same_filesystem);
    backup.kind = BackupKind::stamp;
    CHECK_FALSE(failure_domain(recorded.host(), config, backup));
}
