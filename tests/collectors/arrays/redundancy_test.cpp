#include "collectors/arrays/redundancy.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <set>

using namespace lastgood;

namespace {

// Where the kernel stores a chunk of a RAID 10: pairs of member and chunk number on that member.
// Written after __raid10_find_phys() of Linux 6.1's drivers/md/raid10.c, in chunks; `stride` is the
// distance of far copies.
std::vector<std::pair<int, long>> kernel_places(int layout, int disks, long chunk, long stride) {
    const int near_copies = layout & 255;
    const int far_copies = (layout >> 8) & 255;
    const bool offset = (layout & (1 << 16)) != 0;
    int far_set_size = disks;
    if (layout >> 17 == 1) far_set_size = disks / far_copies;
    if (layout >> 17 == 2) far_set_size = far_copies * near_copies;
    const int last_start = (disks / far_set_size - 1) * far_set_size;
    const int last_size = far_set_size + disks % far_set_size;
    if (offset) stride = 1;

    std::vector<std::pair<int, long>> places;
    long row = chunk * near_copies / disks;
    int device = static_cast<int>(chunk * near_copies % disks);
    if (offset) row *= far_copies;
    for (int n = 0; n < near_copies; ++n) {
        int d = device;
        long address = row;
        places.emplace_back(d, address);
        for (int f = 1; f < far_copies; ++f) {
            const int set = d / far_set_size;
            d += near_copies;
            if (disks % far_set_size != 0 && d > last_start) {
                d -= last_start;
                d %= last_size;
                d += last_start;
            } else {
                d %= far_set_size;
                d += far_set_size * set;
            }
            address += stride;
            places.emplace_back(d, address);
        }
        if (++device >= disks) {
            device = 0;
            row += offset ? far_copies : 1;
        }
    }
    return places;
}

// True if all data can be read from the members in `alive`, a bit mask.
using Readable = std::function<bool(unsigned alive)>;

Readable raid10_model(int layout, int disks) {
    std::vector<unsigned> chunks;
    for (long chunk = 0; chunk < 4L * disks; ++chunk) {
        unsigned members = 0;
        for (auto [device, address] : kernel_places(layout, disks, chunk, 1000))
            members |= 1U << device;
        chunks.push_back(members);
    }
    return [chunks](unsigned alive) {
        return std::all_of(chunks.begin(), chunks.end(),
                           [&](unsigned members) { return (members & alive) != 0; });
    };
}

// Tries every set of lost members and every set of further losses.
void check_exhaustively(MdLevel level, int layout, int disks, const Readable& readable) {
    INFO(to_string(level) << " of " << disks << " " << describe_layout(level, layout) << " ("
                          << layout << ")");
    for (unsigned alive = 0; alive < 1U << disks; ++alive) {
        std::vector<MdSlot> slots;
        for (int i = 0; i < disks; ++i)
            slots.push_back((alive >> i & 1) != 0 ? MdSlot::in_sync
                            : i % 2 == 0          ? MdSlot::missing
                                                  : MdSlot::rebuilding);
        const Redundancy got = md_redundancy(level, layout, slots);
        REQUIRE(got.known);
        REQUIRE(got.failed == !readable(alive));
        if (got.failed) {
            CHECK(got.survivable_failures == 0);
            CHECK(got.fatal_slots.empty());
            continue;
        }
        int fewest_fatal = std::popcount(alive) + 1;
        for (unsigned lost = alive;; lost = (lost - 1) & alive) {
            if (!readable(alive & ~lost))
                fewest_fatal = std::min(fewest_fatal, std::popcount(lost));
            if (lost == 0) break;
        }
        REQUIRE(got.survivable_failures == fewest_fatal - 1);
        std::vector<int> fatal;
        for (int i = 0; i < disks; ++i)
            if ((alive >> i & 1) != 0 && !readable(alive & ~(1U << i))) fatal.push_back(i);
        REQUIRE(got.fatal_slots == fatal);
    }
}

Readable survives(int disks, int losses) {
    return [=](unsigned alive) { return disks - std::popcount(alive) <= losses; };
}

}  // namespace

TEST_CASE("the partners of a member are those that would be fatal without it") {
    for (int disks = 2; disks <= 6; ++disks)
        for (const int layout : {0x102, 0x103, 0x201, 0x10201}) {
            if (raid10_copy_sets(layout, disks).empty()) continue;
            const auto readable = raid10_model(layout, disks);
            MdArray array;
            array.level.value = MdLevel::raid10;
            array.layout = layout;
            for (unsigned alive = 1; alive < 1U << disks; ++alive) {
                if (!readable(alive)) continue;
                array.slots.clear();
                for (int i = 0; i < disks; ++i)
                    array.slots.push_back((alive >> i & 1) != 0 ? MdSlot::in_sync
                                                                : MdSlot::missing);
                const auto partners = partners_of(array);
                for (int lost = 0; lost < disks; ++lost) {
                    std::vector<int> expected;
                    const unsigned rest = alive & ~(1U << lost);
                    if ((alive >> lost & 1) != 0 && readable(rest))
                        for (int i = 0; i < disks; ++i)
                            if ((rest >> i & 1) != 0 && !readable(rest & ~(1U << i)))
                                expected.push_back(i);
                    REQUIRE(partners[static_cast<size_t>(lost)] == expected);
                }
            }
        }
}

TEST_CASE("all levels but RAID 10, against every set of losses") {
    for (int disks = 1; disks <= 8; ++disks) {
        check_exhaustively(MdLevel::linear, 0, disks, survives(disks, 0));
        check_exhaustively(MdLevel::raid0, 0, disks, survives(disks, 0));
        check_exhaustively(MdLevel::faulty, 0, disks, survives(disks, 0));
        check_exhaustively(MdLevel::raid1, 0, disks, survives(disks, disks - 1));
        check_exhaustively(MdLevel::multipath, 0, disks, survives(disks, disks - 1));
        if (disks >= 2) check_exhaustively(MdLevel::raid4, 0, disks, survives(disks, 1));
        if (disks >= 2) check_exhaustively(MdLevel::raid5, 2, disks, survives(disks, 1));
        if (disks >= 3) check_exhaustively(MdLevel::raid6, 2, disks, survives(disks, 2));
    }
}

TEST_CASE("RAID 10, against the kernel's placement of chunks and every set of losses") {
    int layouts = 0;
    for (int disks = 2; disks <= 9; ++disks)
        for (int near_copies = 1; near_copies <= 4; ++near_copies)
            for (int far_copies = 1; near_copies * far_copies <= disks && far_copies <= 4;
                 ++far_copies)
                for (bool offset : {false, true})
                    for (int sets = 0; sets <= 2; ++sets) {
                        if (offset && far_copies == 1) continue;
                        if (sets == 1 && far_copies == 1) continue;  // one set of all
                        const int layout = raid10_layout(near_copies, far_copies, offset, sets);
                        check_exhaustively(MdLevel::raid10, layout, disks,
                                           raid10_model(layout, disks));
                        ++layouts;
                    }
    CHECK(layouts > 200);
}

TEST_CASE("the model of the kernel's placement uses no address twice") {
    for (int disks : {2, 3, 4, 5, 6, 7})
        for (int layout : {0x102, 0x103, 0x201, 0x301, 0x10201}) {
            if ((layout & 255) * (layout >> 8 & 255) > disks) continue;
            std::set<std::pair<int, long>> used;
            for (long chunk = 0; chunk < 60; ++chunk) {
                std::set<int> devices;
                for (auto place : kernel_places(layout, disks, chunk, 1000)) {
                    CHECK_MESSAGE(used.insert(place).second,
                                  "layout " << layout << " of " << disks);
                    CHECK(devices.insert(place.first).second);
                }
            }
        }
}

TEST_CASE("a degraded RAID 10: which members are fatal, by layout") {
    const Redundancy degraded =
        md_redundancy(MdLevel::raid10, 0x102,
                      {MdSlot::in_sync, MdSlot::rebuilding, MdSlot::in_sync, MdSlot::in_sync});
    CHECK(degraded.survivable_failures == 0);
    CHECK(degraded.fatal_slots == std::vector{0});
    // Far copies: both neighbours of the lost member.
    const Redundancy far =
        md_redundancy(MdLevel::raid10, 0x201,
                      {MdSlot::in_sync, MdSlot::missing, MdSlot::in_sync, MdSlot::in_sync});
    CHECK(far.fatal_slots == std::vector{0, 2});
    // An odd number of members: both neighbours as well.
    const Redundancy odd =
        md_redundancy(MdLevel::raid10, 0x102, {MdSlot::missing, MdSlot::in_sync, MdSlot::in_sync});
    CHECK(odd.fatal_slots == std::vector{1, 2});
}

TEST_CASE("unknown levels and layouts are not redundant") {
    const std::vector<MdSlot> slots(4, MdSlot::in_sync);
    CHECK_FALSE(md_redundancy(MdLevel::container, 0, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::none, 0, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::unknown, 0, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::raid1, 0, {}).known);
    CHECK_FALSE(md_redundancy(MdLevel::raid10, 0, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::raid10, 0x105, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::raid10, 0x102 | 3 << 17, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::raid10, -1, slots).known);
    CHECK_FALSE(md_redundancy(MdLevel::raid10, std::nullopt, slots).known);
}

TEST_CASE("a RAID 10 during a reshape is as redundant as the weaker geometry") {
    MdArray array;
    array.level = parse_md_level("raid10");
    array.layout = 0x102;
    array.raid_disks = 6;
    array.former_raid_disks = 4;
    array.slots = {MdSlot::in_sync, MdSlot::in_sync, MdSlot::in_sync,
                   MdSlot::in_sync, MdSlot::in_sync, MdSlot::missing};
    const Redundancy redundancy = md_redundancy(array);
    CHECK(redundancy.survivable_failures == 0);
    CHECK(redundancy.fatal_slots == std::vector{4});
}

TEST_CASE("the counts of members without a map tell whether an array is lost") {
    MdArray array;
    array.raid_disks = 5;
    const auto judged = [&](const char* level, int degraded) {
        array.level = parse_md_level(level);
        array.degraded = degraded;
        return md_redundancy(array);
    };
    CHECK(judged("raid5", 2).failed);
    CHECK_FALSE(judged("raid5", 1).failed);
    CHECK(judged("raid5", 1).known);
    CHECK(judged("raid5", 1).survivable_failures == 0);
    CHECK(judged("raid5", 1).fatal_slots.empty());  // unknown which
    CHECK(judged("raid6", 1).survivable_failures == 1);
    CHECK(judged("raid6", 3).failed);
    CHECK(judged("raid1", 4).survivable_failures == 0);
    CHECK_FALSE(judged("raid10", 1).known);
}
