#include "collectors/arrays/parse/dm_raid.hpp"

#include <fmt/core.h>

#include <optional>

#include "core/array_identity.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_members = 254;  // MAX_RAID_DEVICES of drivers/md/dm-raid.c is 253

// "raid1", "raid10", "raid10_near", "raid5_ls", "raid6_zr", "raid6_la_6": raid_types of dm-raid.c.
MdLevelWord level_of(std::string_view type) {
    MdLevelWord level = parse_md_level(type.substr(0, type.find('_')));
    level.word = type;
    return level;
}

std::optional<int> layout_of(std::string_view type) {
    if (type == "raid10" || type == "raid10_near") return raid10_layout(2, 1, false, 0);
    if (type == "raid10_far") return raid10_layout(1, 2, false, 0);
    if (type == "raid10_offset") return raid10_layout(1, 2, true, 0);
    return std::nullopt;
}

// True if a member marked 'a' (alive, not in sync) still lacks data. During a resync all members
// are marked so, although they hold data.
bool fills_members(MdAction action) {
    switch (action) {
        case MdAction::resync:
        case MdAction::check:
        case MdAction::repair:
            return false;
        case MdAction::idle:
        case MdAction::recover:
        case MdAction::reshape:
        case MdAction::frozen:
        case MdAction::unknown:
            return true;
    }
    return true;
}

bool is_running(MdAction action) {
    switch (action) {
        case MdAction::resync:
        case MdAction::check:
        case MdAction::repair:
        case MdAction::recover:
        case MdAction::reshape:
            return true;
        case MdAction::idle:
        case MdAction::frozen:
        case MdAction::unknown:
            return false;
    }
    return false;
}

void read_health(std::string_view health, MdArray& array) {
    const bool all_alive = consists_of(health, "a");
    int degraded = 0;
    for (size_t i = 0; i < health.size(); ++i) {
        MdMember member;
        member.number = static_cast<int>(i);
        if (health[i] != 'D') member.slot = member.number;  // as in md, a faulty member has no slot
        MdSlot slot = MdSlot::missing;
        switch (health[i]) {
            case 'A':
                member.state = MdMemberState::in_sync;
                slot = MdSlot::in_sync;
                break;
            case 'a': {
                // Without a member to copy from, it is the first resync of a new array.
                const bool rebuilding = !all_alive && fills_members(array.action.value);
                member.state = rebuilding ? MdMemberState::rebuilding : MdMemberState::in_sync;
                slot = rebuilding ? MdSlot::rebuilding : MdSlot::in_sync;
                break;
            }
            case 'D':
                member.state = MdMemberState::faulty;
                break;
            case '-':  // the device was missing when the array was assembled
                break;
            default:
                array.problem =
                    fmt::format("dm-raid: unknown health \"{}\" of member {}", health[i], i);
                break;
        }
        if (slot != MdSlot::in_sync) ++degraded;
        array.slots.push_back(slot);
        if (health[i] != '-') array.members.push_back(std::move(member));
    }
    array.degraded = degraded;
}

void read_status(const std::vector<std::string_view>& words, MdArray& array) {
    // type, devices, health, done/all, action, mismatches
    const auto devices = parse_number<uint64_t>(words[1]);
    const std::string_view health = words[2];
    if (!devices || *devices == 0 || *devices > max_members || health.size() != *devices) {
        array.problem = fmt::format("dm-raid: \"{}\" does not describe {} devices",
                                    health.substr(0, 300), words[1].substr(0, 20));
        return;
    }
    array.raid_disks = static_cast<int>(*devices);
    // 1.0 to 1.4 (Linux 3.1 to 3.9) end after the ratio.
    if (words.size() > 4) array.action = parse_md_action(words[4]);
    read_health(health, array);
    array.state = {MdState::active, "active"};
    const size_t slash = words[3].find('/');
    const auto done = parse_number<uint64_t>(words[3].substr(0, slash));
    const auto all = slash == std::string_view::npos
                         ? std::nullopt
                         : parse_number<uint64_t>(words[3].substr(slash + 1));
    if (!done || !all || *done > *all) {
        array.problem = fmt::format("dm-raid: malformed progress \"{}\"", words[3].substr(0, 60));
        return;
    }
    if (is_running(array.action.value)) {
        array.phase = MdPhase::running;
        array.progress = *all > 0 ? static_cast<double>(*done) / static_cast<double>(*all) : 0.0;
    }
    if (words.size() > 5)
        if (const auto mismatches = parse_number<uint64_t>(words[5]))
            array.mismatch_sectors = static_cast<double>(*mismatches);
}

}  // namespace

std::vector<DmRaid> parse_dm_raid_status(std::string_view text) {
    std::vector<DmRaid> found;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        // Names have no blanks: LVM allows none, and dmsetup prints \x20.
        const std::vector<std::string_view> words = split(line);
        if (words.size() < 4 || !words[0].ends_with(':') || words[3] != "raid") continue;
        DmRaid one;
        one.name = words[0].substr(0, words[0].size() - 1);
        one.array.metadata = metadata_dm_raid;
        if (words.size() < 8) {
            one.array.problem = "dm-raid: the status has no progress";
        } else {
            one.array.level = level_of(words[4]);
            one.array.layout = layout_of(words[4]);
            read_status({words.begin() + 4, words.end()}, one.array);
        }
        found.push_back(std::move(one));
    }
    return found;
}

}  // namespace lastgood
