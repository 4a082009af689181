#include "collectors/arrays/parse/md_sysfs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/array_identity.hpp"
#include "core/kernel_number.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int max_members = 4096;
constexpr Seconds max_remaining = 10 * 365.0 * 86400;  // more is an artefact of a tiny speed

// Reads the attribute files of one array; keeps the first problem.
class Reader {
  public:
    Reader(const Host& host, std::string directory, std::string& problem)
        : host_(host), directory_(std::move(directory)), problem_(problem) {}

    // nullopt if the file is missing; nullopt and a problem if it cannot be read.
    std::optional<std::string> text(const std::string& name) {
        auto content = host_.read(directory_ + "/" + name);
        if (content) return std::string(trim(*content));
        if (content.error().kind != ErrorKind::absent) note(content.error().message);
        return std::nullopt;
    }

    void note(std::string what) {
        if (problem_.empty()) problem_ = std::move(what);
    }

    const std::string& directory() const { return directory_; }

  private:
    const Host& host_;
    std::string directory_;
    std::string& problem_;
};

void read_member(const Host& host, Reader& array_reader, MdArray& array, const std::string& entry) {
    Reader reader(host, array_reader.directory() + "/" + entry, array.problem);
    MdMember member;
    member.device = entry.substr(4);
    auto state = reader.text("state");
    auto slot = reader.text("slot");
    if (!state) return;  // removed just now
    parse_md_member_state(*state, slot.value_or(""), member, array.problem);
    if (auto errors = reader.text("errors")) member.errors = parse_kernel_number(*errors);
    if (auto blocks = reader.text("bad_blocks")) {
        size_t lines = static_cast<size_t>(std::count(blocks->begin(), blocks->end(), '\n'));
        member.bad_blocks = blocks->empty() ? 0.0 : static_cast<double>(lines + 1);
    }
    array.members.push_back(std::move(member));
}

// Slots from the links rdN, for members without a `slot` file (Linux before 2.6.27 or so, recorded
// trees).
std::map<int, MdSlot> read_links(const Host& host, const std::string& directory, MdArray& array,
                                 const std::vector<std::string>& entries) {
    std::map<int, MdSlot> links;
    for (const std::string& entry : entries) {
        if (!entry.starts_with("rd")) continue;
        std::string_view digits = std::string_view(entry).substr(2);
        auto slot = take_number<int>(digits);
        if (!slot || !digits.empty() || *slot < 0 || *slot >= max_members) continue;
        auto state = host.read_line(directory + "/" + entry + "/state");
        if (!state) continue;
        MdMember member;
        std::string ignored;
        parse_md_member_state(*state, fmt::to_string(*slot), member, ignored);
        links[*slot] = member.state == MdMemberState::in_sync      ? MdSlot::in_sync
                       : member.state == MdMemberState::rebuilding ? MdSlot::rebuilding
                                                                   : MdSlot::missing;
        auto target = host.read_link(directory + "/" + entry);
        if (!target) continue;
        size_t name = target->rfind("dev-");
        if (name == std::string::npos) continue;
        for (MdMember& other : array.members)
            if (!other.slot && other.device == target->substr(name + 4)) other.slot = *slot;
    }
    return links;
}

void fill_slots(MdArray& array, const std::map<int, MdSlot>& links) {
    if (!array.raid_disks || *array.raid_disks < 1) return;
    array.slots.assign(static_cast<size_t>(*array.raid_disks), MdSlot::missing);
    bool found = false;
    for (const MdMember& member : array.members) {
        if (!member.slot || *member.slot >= *array.raid_disks) continue;
        MdSlot& slot = array.slots[static_cast<size_t>(*member.slot)];
        found = true;
        if (member.state == MdMemberState::in_sync)
            slot = MdSlot::in_sync;
        else if (member.state == MdMemberState::rebuilding && slot == MdSlot::missing)
            slot = MdSlot::rebuilding;
    }
    for (auto [place, state] : links) {
        if (place >= *array.raid_disks) continue;
        MdSlot& slot = array.slots[static_cast<size_t>(place)];
        found = true;
        if (slot == MdSlot::missing) slot = state;
    }
    if (!found) {  // no member's slot is known, only how many are missing
        if (!array.degraded) {
            array.slots.clear();
            return;
        }
        size_t missing = std::min(static_cast<size_t>(*array.degraded), array.slots.size());
        std::fill(array.slots.begin() + static_cast<std::ptrdiff_t>(missing), array.slots.end(),
                  MdSlot::in_sync);
        for (const MdMember& member : array.members) {
            if (member.state != MdMemberState::rebuilding || missing == 0) continue;
            array.slots[--missing] = MdSlot::rebuilding;
        }
    }
}

// State, level, layout and number of members.
void read_shape(Reader& reader, MdArray& array) {
    if (auto text = reader.text("array_state")) {
        array.state = parse_md_state(*text);
        if (array.state.value == MdState::unknown)
            reader.note(fmt::format("unknown array_state \"{}\"", text->substr(0, 40)));
    } else {
        reader.note("array_state is missing");
    }
    if (auto text = reader.text("level")) {
        array.level = parse_md_level(*text);
        if (array.level.value == MdLevel::unknown)
            reader.note(fmt::format("unknown level \"{}\"", text->substr(0, 40)));
    }
    if (auto text = reader.text("layout"); text && !text->empty()) {
        if (auto value = parse_md_number(*text)) array.layout = value->now;
    }
    if (auto text = reader.text("raid_disks"); text && !text->empty()) {
        auto value = parse_md_number(*text);
        if (value && value->now >= 0 && value->now <= max_members) {
            array.raid_disks = value->now;
            array.former_raid_disks = value->before;
        } else {
            reader.note(fmt::format("raid_disks is \"{}\"", text->substr(0, 40)));
        }
    }
    if (auto text = reader.text("degraded"); text && !text->empty()) {
        auto value = parse_md_number(*text);
        if (value && value->now >= 0)
            array.degraded = value->now;
        else
            reader.note(fmt::format("degraded is \"{}\"", text->substr(0, 40)));
    }
}

void read_sync(Reader& reader, MdArray& array) {
    auto action = reader.text("sync_action");
    if (action) {
        array.action = parse_md_action(*action);
        if (array.action.value == MdAction::unknown)
            reader.note(fmt::format("unknown sync_action \"{}\"", action->substr(0, 40)));
    }
    if (auto last = reader.text("last_sync_action")) array.last_action = *last;
    if (auto count = reader.text("mismatch_cnt"))
        array.mismatch_sectors = parse_kernel_number(*count);
    if (!action || array.action.value == MdAction::idle || array.action.value == MdAction::frozen) {
        // "none", or the sector up to which an interrupted work has come: of a reshape, or of a
        // resync that may never have begun.
        for (const auto& [file, work] : {std::pair("resync_start", MdAction::resync),
                                         std::pair("reshape_position", MdAction::reshape)}) {
            const auto position = reader.text(file);
            const bool changes_shape = work == MdAction::reshape && array.former_raid_disks;
            if (!changes_shape && !(position && parse_number<uint64_t>(*position))) continue;
            array.action = {work, std::string(to_string(work))};
            array.phase = MdPhase::pending;
        }
        return;
    }
    array.phase = MdPhase::running;
    auto completed = reader.text("sync_completed");
    if (!completed) return;
    if (*completed == "delayed") array.phase = MdPhase::delayed;
    auto done = parse_md_completed(*completed);
    if (!done) return;
    array.progress = std::clamp(done->first / done->second, 0.0, 1.0);
    auto speed = reader.text("sync_speed");  // KiB/s
    std::optional<double> rate = speed ? parse_kernel_number(*speed) : std::nullopt;
    if (!rate || *rate <= 0) return;
    array.speed = *rate * 1024;
    Seconds remaining = std::max(0.0, done->second - done->first) / 2 / *rate;
    if (remaining < max_remaining) array.remaining = remaining;
}

}  // namespace

std::optional<MdNewAndOld> parse_md_number(std::string_view text) {
    text = trim(text);
    MdNewAndOld result;
    auto now = take_number<int>(text);
    if (!now) return std::nullopt;
    result.now = *now;
    if (text.empty()) return result;
    if (!text.starts_with(" (") || !text.ends_with(')')) return std::nullopt;
    text = text.substr(2, text.size() - 3);
    result.before = take_number<int>(text);
    if (!result.before || !text.empty()) return std::nullopt;
    return result;
}

std::optional<std::pair<double, double>> parse_md_completed(std::string_view text) {
    text = trim(text);
    auto done = take_number<uint64_t>(text);
    if (!done || !text.starts_with(" / ")) return std::nullopt;
    text.remove_prefix(3);
    auto all = take_number<uint64_t>(text);
    if (!all || !text.empty() || *all == 0) return std::nullopt;
    return std::pair(static_cast<double>(*done), static_cast<double>(*all));
}

void parse_md_member_state(std::string_view state, std::string_view slot, MdMember& member,
                           std::string& problem) {
    state = trim(state);
    slot = trim(slot);
    bool faulty = false;
    bool in_sync = false;
    bool journal = slot == "journal";
    bool spare = false;
    bool replacement = false;
    while (!state.empty()) {
        const std::string_view flag = trim(take_until(state, ','));
        if (flag == "faulty")
            faulty = true;
        else if (flag == "in_sync")
            in_sync = true;
        else if (flag == "journal")
            journal = true;
        else if (flag == "spare")
            spare = true;
        else if (flag == "replacement")
            replacement = true;
        else if (flag == "write_mostly" || flag == "writemostly")
            member.flags.emplace_back("write_mostly");
        else if (flag == "blocked" || flag == "write_error" || flag == "want_replacement" ||
                 flag == "external_bbl" || flag == "failfast")
            member.flags.emplace_back(flag);
        else if (!flag.empty() && problem.empty())
            problem =
                fmt::format("unknown state \"{}\" of member {}", flag.substr(0, 40), member.device);
    }
    std::string_view digits = slot;
    if (auto place = take_number<int>(digits);
        place && digits.empty() && *place >= 0 && *place < max_members)
        member.slot = *place;
    if (faulty)
        member.state = MdMemberState::faulty;
    else if (journal)
        member.state = MdMemberState::journal;
    else if (replacement && !in_sync)
        member.state = MdMemberState::replacement;
    else if (in_sync)
        member.state = MdMemberState::in_sync;
    else if (spare)
        member.state = member.slot ? MdMemberState::rebuilding : MdMemberState::spare;
}

namespace {

// A member that fails between two reads makes the files contradict each other.
bool is_consistent(const MdArray& array) {
    if (!array.degraded || array.slots.empty() || array.former_raid_disks) return true;
    if (array.state.value == MdState::inactive) return true;
    const auto working = std::count(array.slots.begin(), array.slots.end(), MdSlot::in_sync);
    return static_cast<int>(array.slots.size()) - static_cast<int>(working) == *array.degraded;
}

Result<MdArray> read_once(const Host& host, const std::string& device) {
    const std::string directory = "/sys/block/" + device + "/md";
    auto entries = host.list(directory);
    if (!entries) return tl::unexpected(entries.error());

    MdArray array;
    array.device = device;
    Reader reader(host, directory, array.problem);
    read_shape(reader, array);
    if (auto text = reader.text("metadata_version")) array.metadata = *text;
    if (auto text = reader.text("component_size")) {
        if (auto kibibytes = parse_kernel_number(*text)) array.component_bytes = *kibibytes * 1024;
    }
    if (auto text = reader.text("uuid"))
        array.uuid = md_uuid_from_sysfs(*text, array.metadata == "0.90");
    for (const std::string& entry : *entries)
        if (entry.starts_with("dev-") && array.members.size() < static_cast<size_t>(max_members))
            read_member(host, reader, array, entry);
    std::map<int, MdSlot> links = read_links(host, directory, array, *entries);
    for (MdMember& member : array.members)
        if (member.state == MdMemberState::spare && member.slot)
            member.state = MdMemberState::rebuilding;
    fill_slots(array, links);
    // Levels without redundancy have no file `degraded`.
    if (!array.degraded && !array.slots.empty() && array.state.value != MdState::inactive)
        array.degraded = static_cast<int>(
            array.slots.size() - static_cast<size_t>(std::count(
                                     array.slots.begin(), array.slots.end(), MdSlot::in_sync)));
    read_sync(reader, array);
    return array;
}

}  // namespace

Result<MdArray> read_md_sysfs(const Host& host, const std::string& device) {
    auto array = read_once(host, device);
    if (array && !is_consistent(*array)) array = read_once(host, device);
    if (array && !is_consistent(*array) && array->problem.empty())
        array->problem = fmt::format("degraded is {}, which the states of its members do not say",
                                     *array->degraded);
    return array;
}

}  // namespace lastgood
