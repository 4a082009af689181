#include "core/fstab.hpp"

#include <doctest/doctest.h>

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
    CHECK(parse_fstab_mount_points("a /x ext4\nb none swap\nc /y/ xfs ro\n") ==
          std::vector<std::string>{"/x", "/y"});
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

TEST_CASE("mount points are absolute paths") {
    const auto points = parse_fstab_mount_points(
        "# /dev/sda1 /old ext4\nUUID=1 / ext4 defaults 0 1\nUUID=2\t/srv/my\\040backups/ xfs\n"
        "UUID=3 none swap sw 0 0\nnas:/x /mnt/nas nfs4 noauto 0 0\nbroken\n");
    CHECK(points == std::vector<std::string>{"/", "/srv/my backups", "/mnt/nas"});
}
