#include "collectors/arrays/redundancy.hpp"

#include <algorithm>
#include <set>

namespace lastgood {

namespace {

Redundancy unknown_redundancy() {
    return {};
}

// Levels that survive any `survivable` losses, whichever members they are.
Redundancy any_members(const std::vector<MdSlot>& slots, int survivable) {
    Redundancy result;
    result.known = true;
    int lost = 0;
    for (MdSlot slot : slots)
        if (slot != MdSlot::in_sync) ++lost;
    result.failed = lost > survivable;
    if (result.failed) return result;
    result.survivable_failures = survivable - lost;
    if (result.survivable_failures > 0) return result;
    for (size_t i = 0; i < slots.size(); ++i)
        if (slots[i] == MdSlot::in_sync) result.fatal_slots.push_back(static_cast<int>(i));
    return result;
}

// Levels where each set of members holds the copies of the same data.
Redundancy copies(const std::vector<MdSlot>& slots, const std::vector<std::vector<int>>& sets) {
    if (sets.empty()) return unknown_redundancy();
    Redundancy result;
    result.known = true;
    size_t fewest = slots.size();
    std::set<int> fatal;
    for (const std::vector<int>& set : sets) {
        size_t alive = 0;
        int last = 0;
        for (int member : set) {
            if (slots[static_cast<size_t>(member)] != MdSlot::in_sync) continue;
            ++alive;
            last = member;
        }
        fewest = std::min(fewest, alive);
        if (alive == 1) fatal.insert(last);
    }
    result.failed = fewest == 0;
    if (result.failed) return result;
    result.survivable_failures = static_cast<int>(fewest) - 1;
    result.fatal_slots.assign(fatal.begin(), fatal.end());
    return result;
}

}  // namespace

std::vector<std::vector<int>> raid10_copy_sets(int layout, int raid_disks) {
    int near_copies = layout & 0xff;
    int far_copies = layout >> 8 & 0xff;
    if (near_copies < 1 || far_copies < 1 || raid_disks < 1 ||
        near_copies * far_copies > raid_disks)
        return {};
    // The far copies of a member's chunks lie within its set of members: by default, all members.
    int set_size = raid_disks;
    switch (layout >> 17) {
        case 0:
            break;
        case 1:
            set_size = raid_disks / far_copies;
            break;
        case 2:
            set_size = near_copies * far_copies;
            break;
        default:
            return {};
    }
    // Left-over members belong to the last set.
    int left_over = raid_disks % set_size;
    int last_begin = (raid_disks / set_size - 1) * set_size;
    int last_length = set_size + left_over;
    auto next_far_copy = [&](int member) {
        int set = member / set_size;
        int next = member + near_copies;
        // The kernel compares after the step: with several near copies, some steps cross over into
        // the last set.
        if (left_over != 0 && next > last_begin)
            return last_begin + (next - last_begin) % last_length;
        return set * set_size + next % set_size;
    };
    std::set<std::vector<int>> sets;
    for (int chunk = 0; chunk < raid_disks; ++chunk) {  // then the pattern repeats
        std::set<int> members;
        for (int n = 0; n < near_copies; ++n) {
            int member = (chunk * near_copies + n) % raid_disks;
            for (int f = 0; f < far_copies; ++f, member = next_far_copy(member))
                members.insert(member);
        }
        sets.emplace(members.begin(), members.end());
    }
    return {sets.begin(), sets.end()};
}

Redundancy md_redundancy(MdLevel level, std::optional<int> layout,
                         const std::vector<MdSlot>& slots) {
    if (slots.empty()) return unknown_redundancy();
    switch (level) {
        case MdLevel::linear:
        case MdLevel::raid0:
        case MdLevel::faulty:
            return any_members(slots, 0);
        case MdLevel::raid1:
        case MdLevel::multipath:  // members are paths to the same drive
            return any_members(slots, static_cast<int>(slots.size()) - 1);
        case MdLevel::raid4:
        case MdLevel::raid5:
            return any_members(slots, 1);
        case MdLevel::raid6:
            return any_members(slots, 2);
        case MdLevel::raid10:
            if (!layout) return unknown_redundancy();
            return copies(slots, raid10_copy_sets(*layout, static_cast<int>(slots.size())));
        case MdLevel::none:
        case MdLevel::container:
        case MdLevel::unknown:
            return unknown_redundancy();
    }
    return unknown_redundancy();
}

namespace {

// The counts alone, "[5/3]" without a map, tell enough for levels whose members are all alike.
std::vector<MdSlot> slots_of(const MdArray& array) {
    if (!array.slots.empty() || !array.raid_disks || !array.degraded) return array.slots;
    const bool alike = array.level.value == MdLevel::raid1 || array.level.value == MdLevel::raid4 ||
                       array.level.value == MdLevel::raid5 || array.level.value == MdLevel::raid6;
    const int members = std::clamp(*array.raid_disks, 1, 4096);
    if (!alike && *array.degraded > 0) return {};
    std::vector<MdSlot> slots(static_cast<size_t>(members), MdSlot::in_sync);
    for (int i = 0; i < std::min(*array.degraded, members); ++i)
        slots[slots.size() - 1 - static_cast<size_t>(i)] = MdSlot::missing;
    return slots;
}

}  // namespace

Redundancy md_redundancy(const MdArray& array) {
    Redundancy now = md_redundancy(array.level.value, array.layout, slots_of(array));
    // Which members are the last ones is unknown without a map.
    if (array.slots.empty()) now.fatal_slots.clear();
    if (!now.known || !array.former_raid_disks || array.level.value != MdLevel::raid10) return now;
    std::vector<MdSlot> former = array.slots;
    former.resize(static_cast<size_t>(std::clamp(*array.former_raid_disks, 1, 4096)),
                  MdSlot::missing);
    Redundancy before = md_redundancy(array.level.value, array.layout, former);
    if (!before.known) return now;
    if (now.failed || before.failed) {
        now.failed = true;
        now.survivable_failures = 0;
        now.fatal_slots.clear();
        return now;
    }
    now.survivable_failures = std::min(now.survivable_failures, before.survivable_failures);
    std::set<int> fatal(now.fatal_slots.begin(), now.fatal_slots.end());
    fatal.insert(before.fatal_slots.begin(), before.fatal_slots.end());
    now.fatal_slots.assign(fatal.begin(), fatal.end());
    return now;
}

std::vector<std::vector<int>> partners_of(const MdArray& array) {
    std::vector<std::vector<int>> partners(array.slots.size());
    MdArray without = array;
    for (size_t i = 0; i < array.slots.size(); ++i) {
        if (array.slots[i] != MdSlot::in_sync) continue;
        without.slots[i] = MdSlot::missing;
        const Redundancy then = md_redundancy(without);
        if (then.known && !then.failed) partners[i] = then.fatal_slots;
        without.slots[i] = MdSlot::in_sync;
    }
    return partners;
}

}  // namespace lastgood
