#include "collectors/arrays/parse/dm_raid.hpp"

#include <doctest/doctest.h>

#include "collectors/arrays/redundancy.hpp"

using namespace lastgood;

namespace {

MdArray only(std::string_view text) {
    auto found = parse_dm_raid_status(text);
    REQUIRE(found.size() == 1);
    return std::move(found[0].array);
}

}  // namespace

TEST_CASE("dm-raid: a RAID 1 in its first resync is not degraded") {
    // Linux 6.1, dmsetup 1.02.185, right after lvcreate --type raid1 -m 1
    const auto found =
        parse_dm_raid_status("vg-data: 0 131072 raid raid1 2 aa 8320/131072 resync 0 0 -\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "vg-data");
    const MdArray& array = found[0].array;
    CHECK(array.problem.empty());
    CHECK(array.level.value == MdLevel::raid1);
    CHECK(array.action.value == MdAction::resync);
    CHECK(array.phase == MdPhase::running);
    CHECK(*array.progress == doctest::Approx(8320.0 / 131072));
    CHECK(array.degraded == 0);
    CHECK(md_redundancy(array).survivable_failures == 1);
    CHECK(array.mismatch_sectors == 0);
}

TEST_CASE("dm-raid: a leg that is faulty, rebuilding or missing") {
    const MdArray lost = only("vg-data: 0 131072 raid raid1 2 AD 131072/131072 idle 0 0 -\n");
    CHECK(lost.degraded == 1);
    CHECK(lost.members[1].state == MdMemberState::faulty);
    CHECK(md_redundancy(lost).survivable_failures == 0);
    CHECK(md_redundancy(lost).fatal_slots == std::vector<int>{0});
    CHECK_FALSE(lost.progress);

    const MdArray rebuilding =
        only("vg-data: 0 131072 raid raid1 2 Aa 65536/131072 recover 0 0 -\n");
    CHECK(rebuilding.degraded == 1);
    CHECK(rebuilding.members[1].state == MdMemberState::rebuilding);
    CHECK(*rebuilding.progress == 0.5);

    const MdArray absent = only("vg-data: 0 131072 raid raid1 2 A- 131072/131072 idle 0 0 -\n");
    CHECK(absent.degraded == 1);
    CHECK(absent.members.size() == 1);
    CHECK(absent.slots[1] == MdSlot::missing);

    // During a check all legs are marked 'a', but hold their data.
    CHECK(only("vg-data: 0 131072 raid raid1 2 aa 1/131072 check 256 0 -\n").degraded == 0);
}

TEST_CASE("dm-raid: losses that each level survives") {
    const auto redundancy = [](std::string_view status) { return md_redundancy(only(status)); };
    CHECK(redundancy("v: 0 8 raid raid6_zr 5 AADAA 8/8 idle 0 0 -").survivable_failures == 1);
    CHECK(redundancy("v: 0 8 raid raid5_ls 3 ADD 8/8 idle 0 0 -").failed);
    const Redundancy pairs = redundancy("v: 0 8 raid raid10_near 4 DAAA 8/8 idle 0 0 -");
    CHECK(pairs.survivable_failures == 0);
    CHECK(pairs.fatal_slots == std::vector<int>{1});
    CHECK(redundancy("v: 0 8 raid raid10 4 AAAA 8/8 idle 0 0 -").survivable_failures == 1);
    CHECK(redundancy("v: 0 8 raid raid0 2 AA 8/8 idle 0 0 -").survivable_failures == 0);
}

TEST_CASE("dm-raid: other targets, older kernels, malformed lines") {
    CHECK(parse_dm_raid_status("").empty());
    CHECK(parse_dm_raid_status("No devices found\n").empty());
    CHECK(parse_dm_raid_status("vg-root: 0 41943040 linear \n").empty());
    // Linux 3.8: nothing after the ratio
    const MdArray old = only("vg-data: 0 131072 raid raid1 2 AA 131072/131072\n");
    CHECK(old.problem.empty());
    CHECK(old.action.value == MdAction::idle);
    for (const char* status :
         {"v: 0 8 raid", "v: 0 8 raid raid1 2", "v: 0 8 raid raid1 3 AA 8/8 idle 0 0 -",
          "v: 0 8 raid raid1 2 A? 8/8 idle 0 0 -", "v: 0 8 raid raid1 2 AA 9/8 idle 0 0 -",
          "v: 0 8 raid raid1 0  8/8 idle 0 0 -", "v: 0 8 raid raid1 2 AA 8 idle 0 0 -",
          "v: 0 8 raid raid1 99999999999999999999 AA 8/8 idle 0 0 -"}) {
        CAPTURE(status);
        CHECK_FALSE(only(status).problem.empty());
    }
    // An unknown level of a newer kernel is unknown.
    CHECK(only("v: 0 8 raid raid7_xy 2 AA 8/8 idle 0 0 -").level.value == MdLevel::unknown);
}
