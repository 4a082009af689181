#include "collectors/arrays/parse/mdadm_text.hpp"

#include <algorithm>
#include <map>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_arrays = 1024;
constexpr int max_members = 4096;  // more than any metadata format allows

std::optional<int> member_count(std::string_view value) {
    const auto count = take_number<int>(value);
    return count && *count > 0 && *count <= max_members ? count : std::nullopt;
}

// "near=2", "left-symmetric"
std::optional<int> layout_of(std::string_view value) {
    const size_t equals = value.find('=');
    if (equals == value.npos) return std::nullopt;
    const std::string_view kind = value.substr(0, equals);
    std::string_view digits = value.substr(equals + 1);
    const auto copies = take_number<int>(digits);
    if (!copies || *copies < 1 || *copies > 255) return std::nullopt;
    if (kind == "near") return raid10_layout(*copies, 1, false, 0);
    return raid10_layout(1, *copies, kind == "offset", 0);
}

// "/dev/md0:" → "md0", "/dev/md/data:" → "data"; else empty
std::string_view heading(std::string_view line) {
    if (!line.starts_with("/dev/") || !line.ends_with(':') || contains(line, ' ')) return {};
    line.remove_suffix(1);
    return line.substr(5);
}

// A row of the table: "0  8  1  0  active sync  /dev/sda1", "-  0  0  1  removed"
void take_row(const std::vector<std::string_view>& words, MdArray& array) {
    MdMember member;
    member.number = parse_number<int>(words[0]);
    const auto slot = parse_number<int>(words[3]);
    std::string state;
    for (size_t i = 4; i < words.size(); ++i) {
        if (words[i].starts_with("/dev/")) {
            member.device = std::string(words[i].substr(5));
        } else {
            state += (state.empty() ? "" : " ") + std::string(words[i]);
        }
    }
    const bool in_sync = contains(state, "active sync");
    const bool valid = slot && *slot >= 0 && *slot < max_members;
    if (valid) {
        if (array.slots.size() <= static_cast<size_t>(*slot))
            array.slots.resize(static_cast<size_t>(*slot) + 1, MdSlot::missing);
        if (in_sync) array.slots[static_cast<size_t>(*slot)] = MdSlot::in_sync;
        if (contains(state, "rebuilding"))
            array.slots[static_cast<size_t>(*slot)] = MdSlot::rebuilding;
        member.slot = slot;
    }
    if (member.device.empty()) return;
    member.state = contains(state, "faulty")       ? MdMemberState::faulty
                   : contains(state, "rebuilding") ? MdMemberState::rebuilding
                   : in_sync                       ? MdMemberState::in_sync
                   : contains(state, "journal")    ? MdMemberState::journal
                   : contains(state, "spare")      ? MdMemberState::spare
                                                   : MdMemberState::unknown;
    if (array.members.size() < static_cast<size_t>(max_members))
        array.members.push_back(std::move(member));
}

// "clean, degraded, recovering", "active, FAILED", "inactive"
MdStateWord state_of(std::string_view value) {
    if (contains(value, "FAILED") || contains(value, "broken")) return {MdState::broken, "broken"};
    if (contains(value, "inactive") || contains(value, "Not Started"))
        return {MdState::inactive, "inactive"};
    MdStateWord state = parse_md_state(trim(value.substr(0, value.find(','))));
    return state;
}

// What a text that is cut off does not tell.
void note_missing(MdArray& array) {
    const bool stopped =
        array.state.value == MdState::inactive || array.state.value == MdState::broken;
    if (!array.problem.empty() || stopped) return;
    if (has_redundancy(array.level.value) && !array.degraded)
        array.problem = "no count of its members";
    else if (array.state.word.empty() && array.level.value != MdLevel::container)
        array.problem = "no state";
}

void finish_detail(MdArray& array, std::optional<int> active) {
    const auto in_sync = std::ranges::count(array.slots, MdSlot::in_sync);
    if (active && in_sync < *active && !array.slots.empty()) {
        array.slots.clear();  // members that are not in the text are not lost
        array.problem = "the table of its members is cut off";
    }
    if (array.raid_disks) {
        array.slots.resize(array.slots.empty() ? 0 : static_cast<size_t>(*array.raid_disks),
                           MdSlot::missing);
    }
    if (!array.slots.empty()) {
        array.raid_disks = static_cast<int>(array.slots.size());
        array.degraded =
            static_cast<int>(array.slots.size() -
                             static_cast<size_t>(std::ranges::count(array.slots, MdSlot::in_sync)));
    } else if (array.raid_disks && active) {
        array.degraded = std::max(0, *array.raid_disks - *active);
    }
    note_missing(array);
}

struct Superblock {
    MdArray array;
    std::string device;
    uint64_t events = 0;
    bool has_state = false, bad_blocks = false;
};

void take_superblock(std::string_view label, std::string_view value, Superblock& block) {
    MdArray& array = block.array;
    if (label == "Array UUID" || (label == "UUID" && array.uuid.empty())) {
        array.uuid = std::string(value.substr(0, value.find(' ')));
    } else if (label == "Name") {
        const std::string_view name = value.substr(0, value.find(' '));
        array.device = std::string(name.substr(name.rfind(':') + 1));
    } else if (label == "Version") {
        array.metadata = std::string(value);
    } else if (label == "Raid Level") {
        array.level = parse_md_level(value);
    } else if (label == "Raid Devices") {
        array.raid_disks = member_count(value);
    } else if (label == "Layout") {
        array.layout = layout_of(value);
    } else if (label == "Events") {
        std::string_view digits = value;
        block.events = take_number<uint64_t>(digits).value_or(0);
        if (digits.starts_with('.')) {  // 0.90: "0.1234"
            digits.remove_prefix(1);
            block.events = take_number<uint64_t>(digits).value_or(0);
        }
    } else if (label == "Array State") {
        const std::string_view map = value.substr(0, value.find(' '));
        if (map.size() > static_cast<size_t>(max_members)) return;
        array.slots.clear();
        for (const char c : map)
            array.slots.push_back(c == 'A' || c == 'R' ? MdSlot::in_sync : MdSlot::missing);
        block.has_state = true;
    } else if (label == "Active Devices" && !block.has_state) {
        array.degraded = array.raid_disks && member_count(value)
                             ? std::optional<int>(*array.raid_disks - *member_count(value))
                             : std::nullopt;
    } else if (label == "Bad Block Log") {
        block.bad_blocks = contains(value, "bad blocks present");
    }
}

// Joins the superblocks of one array.
MdArray join(std::vector<Superblock>& blocks) {
    const auto newest = std::ranges::max_element(blocks, {}, &Superblock::events);
    MdArray array = newest->array;
    if (array.device.empty()) array.device = array.uuid;
    array.state = {MdState::clean, "clean"};
    if (!array.slots.empty()) {
        array.raid_disks = static_cast<int>(array.slots.size());
        array.degraded = static_cast<int>(std::ranges::count(array.slots, MdSlot::missing));
    }
    // A stale copy of a running array lags by many events, one that was written last by few.
    constexpr uint64_t few = 8;
    for (const Superblock& block : blocks) {
        MdMember member;
        member.device = block.device;
        member.state =
            block.events + few < newest->events ? MdMemberState::faulty : MdMemberState::in_sync;
        if (block.bad_blocks) member.bad_blocks = 1;
        array.members.push_back(std::move(member));
    }
    note_missing(array);
    return array;
}

}  // namespace

std::vector<MdArray> parse_mdadm_detail(std::string_view text) {
    std::vector<MdArray> arrays;
    MdArray array;
    std::optional<int> active;
    bool open = false, in_table = false;
    const auto finish = [&] {
        finish_detail(array, active);
        if (open && array.level.value != MdLevel::none && arrays.size() < max_arrays)
            arrays.push_back(std::move(array));
        array = {};
        active.reset();
        open = in_table = false;
    };
    while (!text.empty()) {
        const std::string_view line = trim(take_line(text), " \t\r>");
        if (const std::string_view name = heading(line); !name.empty()) {
            finish();
            open = true;
            array.device = std::string(name.substr(name.rfind('/') + 1));
            continue;
        }
        if (line.starts_with("Number ") && contains(line, "RaidDevice")) {
            open = in_table = true;
            continue;
        }
        const auto words = split(line);
        if (in_table && words.size() >= 5 && (is_digit(line.front()) || line.front() == '-')) {
            take_row(words, array);
            continue;
        }
        const size_t colon = line.find(" : ");
        if (colon == line.npos) continue;
        const std::string_view label = trim(line.substr(0, colon));
        const std::string_view value = trim(line.substr(colon + 3));
        if (label == "Raid Level") {
            array.level = parse_md_level(value);
            open = true;
        } else if (label == "Raid Devices") {
            array.raid_disks = member_count(value);
        } else if (label == "Active Devices") {
            std::string_view digits = value;
            active = take_number<int>(digits);
        } else if (label == "State") {
            array.state = state_of(value);
            if (contains(value, "recovering")) array.action = parse_md_action("recover");
            if (contains(value, "resyncing")) array.action = parse_md_action("resync");
            if (contains(value, "checking")) array.action = parse_md_action("check");
        } else if (label == "Layout") {
            array.layout = layout_of(value);
        } else if (label == "Version") {
            array.metadata = std::string(value);
        }
    }
    finish();
    return arrays;
}

std::vector<MdArray> parse_mdadm_examine(std::string_view text) {
    std::map<std::string, std::vector<Superblock>> by_array;
    Superblock block;
    const auto finish = [&] {
        if (block.array.level.value != MdLevel::none && by_array.size() < max_arrays &&
            by_array[block.array.uuid].size() < static_cast<size_t>(max_members))
            by_array[block.array.uuid].push_back(block);
        block = {};
    };
    while (!text.empty()) {
        const std::string_view line = trim(take_line(text), " \t\r>");
        if (const std::string_view name = heading(line); !name.empty()) {
            finish();
            block.device = std::string(name);
            continue;
        }
        const size_t colon = line.find(" : ");
        if (colon != line.npos)
            take_superblock(trim(line.substr(0, colon)), trim(line.substr(colon + 3)), block);
    }
    finish();
    std::vector<MdArray> arrays;
    for (auto& [uuid, blocks] : by_array)
        if (!blocks.empty()) arrays.push_back(join(blocks));
    return arrays;
}

}  // namespace lastgood
