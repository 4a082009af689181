#include "core/fstab.hpp"

#include <doctest/doctest.h>

#include "tests/recorded_host.hpp"

using namespace lastgood;

TEST_CASE("the last entry for a mount point counts, and its last ro or rw") {
    const auto entries = parse_fstab(
        "# comment\n\nUUID=1 /\text4\terrors=remount-ro 0 1\n  /dev/sdb1  /with\\040blank/  xfs  "
        "ro,noatime\n"
        "short\n/dev/sdc1 /twice ext4 ro\n/dev/sdd1 /twice ext4 ro,rw\r\n/dev/sde none swap sw 0 "
        "0\n/dev/sdf /only\n");
    REQUIRE(entries.size() == 6);
    CHECK_FALSE(find_fstab_entry(entries, "/")->read_only());
    CHECK(find_fstab_entry(entries, "/with blank")->read_only());
    CHECK_FALSE(find_fstab_entry(entries, "/twice/")->read_only());
    CHECK(find_fstab_entry(entries, "/nowhere") == nullptr);
    CHECK(parse_fstab("\\0 \\04 \\999").size() == 1);
}

TEST_CASE("fstab is read as mount reads it, where getmntent(3) does not") {
    const std::string long_option(10'000, 'x');
    const auto entries = parse_fstab(
        "a /with\\043hash ext4 ro\nb /caf\\303\\251 ext4 rw\nc /crlf ext4 ro\r\n"
        "d /auto autofs rw,ignore\ne /long overlay lowerdir=" +
        long_option + ",ro\n");
    REQUIRE(entries.size() == 5);
    CHECK(find_fstab_entry(entries, "/with#hash")->read_only());
    CHECK(find_fstab_entry(entries, "/caf\xc3\xa9") != nullptr);
    CHECK(find_fstab_entry(entries, "/crlf")->read_only());
    CHECK(find_fstab_entry(entries, "/auto") != nullptr);
    CHECK(find_fstab_entry(entries, "/long")->read_only());
}

TEST_CASE("a mount point that is named by a link is where the link leads") {
    test::RecordedHost recorded;
    recorded.file("/etc/fstab",
                  "/dev/x1 /link ext4 ro\n/dev/x2 /srv/my\\040backups/ xfs\nUUID=3 none swap sw\n"
                  "nas:/x /nas/link nfs4\n");
    recorded.directory("/mnt/disk");
    recorded.link("/link", "/mnt/disk");
    recorded.link("/nas/link", "/mnt/disk");
    Topology topology;
    topology.mounts = parse_mountinfo(
        "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n28 27 8:1 / /mnt/disk ro - ext4 /dev/x1 ro\n"
        "29 27 0:50 / /nas rw - nfs4 nas:/ rw\n");
    const auto entries = read_fstab(recorded.host(), topology);
    REQUIRE(entries.size() == 4);
    CHECK(find_fstab_entry(entries, "/mnt/disk")->read_only());
    CHECK(find_fstab_entry(entries, "/srv/my backups") != nullptr);
    CHECK(find_fstab_entry(entries, "none") != nullptr);
    CHECK(find_fstab_entry(entries, "/nas/link") != nullptr);  // nobody looks there
}
