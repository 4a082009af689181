#include "core/array_identity.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("md_uuid_from_sysfs writes the UUID as mdadm does") {
    CHECK(md_uuid_from_sysfs("01234567-89ab-cdef-0123-456789abcdef\n", false) ==
          "01234567:89abcdef:01234567:89abcdef");
    CHECK(md_uuid_from_sysfs("01234567-89ab-cdef-0123-456789abcdef\n", true) ==
          "67452301:efcdab89:67452301:efcdab89");
    CHECK(md_uuid_from_sysfs("00000000-0000-0000-0000-000000000000", false) == "");
    CHECK(md_uuid_from_sysfs("0123", false) == "");
    CHECK(md_uuid_from_sysfs("not a uuid", false) == "");
}

TEST_CASE("array ids match udev's names and the manual") {
    CHECK(md_array_id("01234567:89abcdef:01234567:89abcdef") ==
          "md-uuid-01234567:89abcdef:01234567:89abcdef");
    CHECK(btrfs_array_id("6c2f") == "btrfs-6c2f");
}

TEST_CASE("a logical volume is named as LVM's commands name it") {
    CHECK(lvm_volume_name("vg0-data") == "vg0/data");
    CHECK(lvm_volume_name("my--vg-my--data--2") == "my-vg/my-data-2");
    CHECK(lvm_volume_name("vg0-data-real") == "vg0-data-real");  // a layer of a volume
    for (const char* other : {"", "data", "-", "--", "vg0-", "-data", "my--data"})
        CHECK(lvm_volume_name(other) == other);
}
