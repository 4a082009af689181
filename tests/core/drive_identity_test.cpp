#include "core/drive_identity.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("the kernel's name says what a block device is") {
    const struct {
        std::string_view name;
        BlockKind kind;
    } cases[] = {
        {"sda", BlockKind::drive},        {"sdaa", BlockKind::drive},
        {"nvme0n1", BlockKind::drive},    {"nvme0c1n1", BlockKind::other},
        {"vda", BlockKind::drive},        {"xvda", BlockKind::drive},
        {"mmcblk0", BlockKind::drive},    {"mmcblk0boot0", BlockKind::other},
        {"pmem0", BlockKind::drive},      {"mmcblk0rpmb", BlockKind::other},
        {"cciss!c0d0", BlockKind::drive}, {"ram0", BlockKind::other},
        {"dm-0", BlockKind::dm},          {"md127", BlockKind::md},
        {"loop7", BlockKind::loop},       {"bcache0", BlockKind::bcache},
        {"zram0", BlockKind::zram},       {"sr0", BlockKind::other},
        {"fd0", BlockKind::other},        {"nbd0", BlockKind::other},
        {"rbd0", BlockKind::other},       {"drbd1", BlockKind::other},
        {"zd16", BlockKind::other},       {"mtdblock0", BlockKind::other},
        {"ublkb0", BlockKind::other},     {"nullb0", BlockKind::other},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        CHECK(block_kind(one.name, false) == one.kind);
        CHECK(block_kind(one.name, true) == BlockKind::partition);
        CHECK(is_drive(one.kind, false) == (one.kind == BlockKind::drive));
    }
    CHECK(is_drive(BlockKind::loop, true));
    CHECK_FALSE(is_drive(BlockKind::md, true));
    CHECK_FALSE(is_drive(BlockKind::partition, true));
}

TEST_CASE("a drive's id is its WWN, else its model and serial") {
    CHECK(make_drive_id("0x5000c500a1b2c3d4", "EXAMPLE", "S1") == "wwn-0x5000c500a1b2c3d4");
    CHECK(make_drive_id("", "EXAMPLE  HDD 4000 ", " S 1") == "EXAMPLE_HDD_4000_S_1");
    CHECK(make_drive_id("eui.0025385", "EXAMPLE", "S1") == "EXAMPLE_S1");  // a namespace's
    CHECK(make_drive_id("", "", "S1") == "S1");
    CHECK(make_drive_id("", "EXAMPLE", "") == "");
    CHECK(make_drive_id("", "EXAMPLE", " ") == "");
    CHECK(id_part("caf\xc3\xa9 1") == "caf___1");
}
