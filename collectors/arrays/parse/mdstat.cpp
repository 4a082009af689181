#include "collectors/arrays/parse/mdstat.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/kernel_number.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int max_members = 4096;                      // more than any metadata format allows
constexpr Seconds max_remaining = 10 * 365.0 * 86400;  // more is an artefact of a tiny speed

using Tokens = std::vector<std::string_view>;

// Removes and returns the number at the beginning of `text`.
void note(MdArray& array, std::string text) {
    if (array.problem.empty()) array.problem = std::move(text);
}

// A part of the text for a message: at most 40 printable characters, in quotes.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (char c : text.substr(0, 40)) result += c >= ' ' && c < 127 && c != '"' ? c : '?';
    result += '"';
    return result;
}

// "sda1[0]", "dm-8[6](F)", "sdb5[3](W)(S)"
std::optional<MdMember> parse_member(std::string_view token, MdArray& array) {
    size_t bracket = token.rfind('[');
    if (bracket == 0 || bracket == std::string_view::npos) return std::nullopt;
    MdMember member;
    member.device = token.substr(0, bracket);
    std::replace(member.device.begin(), member.device.end(), '/', '!');  // as sysfs names it
    std::string_view rest = token.substr(bracket + 1);
    member.number = take_number<int>(rest);
    if (!member.number || rest.empty() || rest.front() != ']') return std::nullopt;
    rest.remove_prefix(1);
    while (!rest.empty()) {
        if (rest.size() < 3 || rest[0] != '(' || rest[2] != ')') return std::nullopt;
        switch (rest[1]) {
            case 'F':
                member.state = MdMemberState::faulty;
                break;
            case 'S':
                if (member.state != MdMemberState::faulty) member.state = MdMemberState::spare;
                break;
            case 'J':
                if (member.state != MdMemberState::faulty) member.state = MdMemberState::journal;
                break;
            case 'R':
                if (member.state == MdMemberState::unknown)
                    member.state = MdMemberState::replacement;
                break;
            case 'E':  // Synology: the member has errors, and the array refuses writes
                member.state = MdMemberState::faulty;
                break;
            case 'W':
                member.flags.emplace_back("write_mostly");
                break;
            default:
                member.flags.emplace_back(rest.substr(0, 3));
                note(array, fmt::format("unknown flag {} of member {}", quoted(rest.substr(0, 3)),
                                        quoted(member.device)));
        }
        rest.remove_prefix(3);
    }
    return member;
}

// "active", "inactive" or "broken", then "(read-only)" or "(auto-read-only)", the level, and the
// members. Returns the position of the first token after them.
size_t parse_header(const Tokens& tokens, size_t at, MdArray& array) {
    if (at >= tokens.size()) {
        note(array, "no state");
        return at;
    }
    array.state = parse_md_state(tokens[at]);
    if (array.state.value != MdState::active && array.state.value != MdState::inactive &&
        array.state.value != MdState::broken) {
        note(array, fmt::format("unknown state {}", quoted(tokens[at])));
        array.state.value = MdState::unknown;
    }
    ++at;
    while (at < tokens.size() && tokens[at].starts_with('(')) {
        if (tokens[at] == "(read-only)")
            array.state = {MdState::readonly, "readonly"};
        else if (tokens[at] == "(auto-read-only)")
            array.state = {MdState::read_auto, "read-auto"};
        else
            note(array, fmt::format("unknown state {}", quoted(tokens[at])));
        ++at;
    }
    if (at < tokens.size() && !contains(tokens[at], '[') && !parse_number<int>(tokens[at])) {
        array.level = parse_md_level(tokens[at]);
        if (array.level.value == MdLevel::unknown)
            note(array, fmt::format("unknown level {}", quoted(tokens[at])));
        ++at;
    }
    for (; at < tokens.size(); ++at) {
        auto member = parse_member(tokens[at], array);
        if (!member) {
            const size_t bracket = tokens[at].find('[');
            if (bracket != std::string_view::npos && bracket > 0)
                note(array, fmt::format("unreadable member {}", quoted(tokens[at])));
            break;
        }
        if (array.members.size() >= static_cast<size_t>(max_members)) {
            note(array, "too many members");
            continue;
        }
        array.members.push_back(std::move(*member));
    }
    return at;
}

// "[4/3]"
bool parse_counts(std::string_view token, MdArray& array) {
    if (token.size() < 5 || token.front() != '[' || token.back() != ']') return false;
    token = token.substr(1, token.size() - 2);
    auto total = take_number<int>(token);
    if (!total || token.empty() || token.front() != '/') return false;
    token.remove_prefix(1);
    auto working = parse_number<int>(token);
    if (!working) return false;
    if (*total < 1 || *total > max_members || *working < 0 || *working > *total) {
        note(array, "impossible number of members");
        return true;
    }
    array.raid_disks = total;
    array.degraded = *total - *working;
    return true;
}

// "[UU_U]"
bool parse_slots(std::string_view token, MdArray& array) {
    if (token.size() < 3 || token.front() != '[' || token.back() != ']') return false;
    token = token.substr(1, token.size() - 2);
    // 'E' (Synology): in the array, but not to be relied on
    if (token.find_first_not_of("U_E") != std::string_view::npos) return false;
    if (token.size() > static_cast<size_t>(max_members)) {
        note(array, "impossible number of members");
        return true;
    }
    array.slots.clear();
    for (char c : token) array.slots.push_back(c == 'U' ? MdSlot::in_sync : MdSlot::missing);
    return true;
}

bool is_progress_bar(std::string_view token) {
    return token.size() >= 3 && token.front() == '[' && token.back() == ']' &&
           consists_of(token.substr(1, token.size() - 2), "=>.");
}

// The part after the progress bar: "recovery = 12.6% (370/2929) finish=127.5min speed=33440K/sec";
// "=100.0%" may be one token. Returns the position after it.
size_t parse_progress(const Tokens& tokens, size_t at, MdArray& array) {
    if (at >= tokens.size()) {
        note(array, "a progress bar without its action");
        return at;
    }
    std::string_view word = tokens[at++];
    std::string_view glued;
    if (size_t equals = word.find('='); equals != std::string_view::npos) {
        glued = word.substr(equals + 1);
        word = word.substr(0, equals);
    }
    array.action = parse_md_action(word);
    array.phase = MdPhase::running;
    if (array.action.value == MdAction::unknown)
        note(array, fmt::format("unknown action {}", quoted(word)));
    bool percent_seen = false;
    bool stalled = false;
    if (!glued.empty()) --at;  // its second half is the first token of the loop
    for (; at < tokens.size(); ++at) {
        std::string_view token = glued.empty() ? tokens[at] : glued;
        glued = {};
        if (token.starts_with("finish=")) {
            token.remove_prefix(7);
            auto minutes = take_kernel_number(token);
            if (minutes && std::isfinite(*minutes) && *minutes >= 0 &&
                *minutes * 60 < max_remaining)
                array.remaining = *minutes * 60;
        } else if (token.starts_with("speed=")) {
            token.remove_prefix(6);
            auto speed = take_kernel_number(token);
            stalled = speed && *speed <= 0;
        } else if (token.starts_with('(')) {
            token.remove_prefix(1);
            auto done = take_kernel_number(token);
            if (!done || token.empty() || token.front() != '/') continue;
            token.remove_prefix(1);
            auto all = take_kernel_number(token);
            if (all && *all > 0 && *done >= 0 && std::isfinite(*all))
                array.progress = std::min(1.0, *done / *all);
        } else if (token == "=") {
            continue;
        } else if (!percent_seen) {
            if (token.starts_with('=')) token.remove_prefix(1);
            auto percent = take_kernel_number(token);
            if (!percent || !token.starts_with('%')) break;
            percent_seen = true;
            if (!array.progress && *percent >= 0 && *percent <= 100)
                array.progress = *percent / 100;
        } else {
            break;
        }
    }
    if (stalled) array.remaining.reset();
    if (!percent_seen) note(array, "a progress bar without its percentage");
    return at;
}

// "resync=DELAYED", "resync=PENDING", "resync=REMOTE"
bool parse_waiting(std::string_view token, MdArray& array) {
    size_t equals = token.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    std::string_view how = token.substr(equals + 1);
    MdPhase phase = MdPhase::none;
    if (how == "DELAYED")
        phase = MdPhase::delayed;
    else if (how == "PENDING")
        phase = MdPhase::pending;
    else if (how == "REMOTE")
        phase = MdPhase::remote;
    else
        return false;
    array.phase = phase;
    array.action = parse_md_action(token.substr(0, equals));
    if (array.action.value == MdAction::unknown)
        note(array, fmt::format("unknown action {}", quoted(token.substr(0, equals))));
    return true;
}

// The part after the members.
void parse_details(const Tokens& tokens, size_t at, MdArray& array) {
    int near_copies = 0;
    int far_copies = 1;
    int set_size = 0;
    bool offset = false;
    bool blocks = false;
    while (at < tokens.size()) {
        std::string_view token = tokens[at];
        std::string_view next = at + 1 < tokens.size() ? tokens[at + 1] : std::string_view{};
        if (next == "blocks") {
            std::string_view number = token;
            blocks = take_number<uint64_t>(number) && number.empty();
            at += 2;
        } else if (token == "super" && !next.empty()) {
            array.metadata = next == "non-persistent" ? std::string_view("none") : next;
            at += 2;
        } else if (token == "algorithm") {
            array.layout = parse_number<int>(next);
            at += 2;
        } else if (next == "near-copies" || next == "far-copies" || next == "offset-copies") {
            int copies = parse_number<int>(token).value_or(0);
            if (copies < 1 || copies > 255) note(array, "impossible number of copies");
            (next == "near-copies" ? near_copies : far_copies) = copies;
            offset = offset || next == "offset-copies";
            at += 2;
        } else if (next == "devices" && at + 2 < tokens.size() && tokens[at + 2] == "per") {
            set_size = parse_number<int>(token).value_or(0);
            at += 4;
        } else if (token == "bitmap:") {
            ++at;
            while (at < tokens.size() && tokens[at] != "chunk" && tokens[at] != "chunk,") ++at;
            ++at;
        } else if (is_progress_bar(token)) {
            at = parse_progress(tokens, at + 1, array);
        } else {
            // Else chunk size, rounding, or an addition of a newer kernel.
            if (!parse_counts(token, array) && !parse_slots(token, array))
                parse_waiting(token, array);
            ++at;
        }
    }
    if (array.level.value == MdLevel::raid10) {
        near_copies = std::max(near_copies, 1);
        // setup_geo() of raid10.c: sets of near * far members; a faulty early version had sets of
        // members / far.
        int sets = set_size == 0 ? 0 : set_size == near_copies * far_copies ? 2 : 1;
        array.layout = raid10_layout(near_copies, far_copies, offset, sets);
    }
    if (!blocks && !array.members.empty() && array.problem.empty()) note(array, "no size");
}

// Checks the counts, "[3/2]", against the map, "[UU_]"; each stands in for the other if missing.
void reconcile_counts(MdArray& array) {
    if (array.slots.empty()) return;
    const auto in_sync =
        static_cast<size_t>(std::count(array.slots.begin(), array.slots.end(), MdSlot::in_sync));
    if (array.raid_disks && (array.slots.size() != static_cast<size_t>(*array.raid_disks) ||
                             in_sync != array.slots.size() - static_cast<size_t>(*array.degraded)))
        note(array, "the counts and the map of its members differ");
    if (!array.raid_disks) array.raid_disks = static_cast<int>(array.slots.size());
    if (!array.degraded) array.degraded = static_cast<int>(array.slots.size() - in_sync);
}

// Members without a flag, by number. As many as slots are in sync are in sync, the others rebuild.
std::vector<MdMember*> mark_active(MdArray& array) {
    std::vector<MdMember*> active;
    for (MdMember& member : array.members)
        if (member.state == MdMemberState::unknown) active.push_back(&member);
    std::sort(active.begin(), active.end(),
              [](const MdMember* a, const MdMember* b) { return *a->number < *b->number; });
    size_t in_sync = active.size();
    if (!array.slots.empty())
        in_sync = static_cast<size_t>(
            std::count(array.slots.begin(), array.slots.end(), MdSlot::in_sync));
    for (size_t i = 0; i < active.size(); ++i)
        active[i]->state = i < in_sync ? MdMemberState::in_sync : MdMemberState::rebuilding;
    return active;
}

// The numbers are slots if each one is a different slot, and each slot in sync has a member.
void assign_slots(MdArray& array, const std::vector<MdMember*>& active) {
    std::vector<MdMember*> by_slot(array.slots.size(), nullptr);
    for (MdMember* member : active) {
        if (*member->number < 0 || static_cast<size_t>(*member->number) >= by_slot.size()) return;
        if (by_slot[static_cast<size_t>(*member->number)] != nullptr) return;
        by_slot[static_cast<size_t>(*member->number)] = member;
    }
    for (size_t i = 0; i < by_slot.size(); ++i)
        if (array.slots[i] == MdSlot::in_sync && by_slot[i] == nullptr) return;
    for (size_t i = 0; i < by_slot.size(); ++i) {
        if (by_slot[i] == nullptr) continue;
        by_slot[i]->slot = static_cast<int>(i);
        bool present = array.slots[i] == MdSlot::in_sync;
        by_slot[i]->state = present ? MdMemberState::in_sync : MdMemberState::rebuilding;
    }
}

// Works out the state and the slot of each member.
void complete_members(MdArray& array) {
    if (array.metadata.empty())
        array.metadata = "0.90";  // the only format whose name mdstat does not print
    reconcile_counts(array);
    if (array.state.value == MdState::inactive || array.state.value == MdState::unknown) return;
    const std::vector<MdMember*> active = mark_active(array);
    // Levels without redundancy have no map; they run only if all members are present.
    if (array.slots.empty() && !array.raid_disks && !active.empty() &&
        (array.level.value == MdLevel::raid0 || array.level.value == MdLevel::linear)) {
        array.raid_disks = static_cast<int>(active.size());
        array.slots.assign(active.size(), array.state.value == MdState::broken ? MdSlot::missing
                                                                               : MdSlot::in_sync);
    }
    assign_slots(array, active);
}

// "[UU_]" shows a member that is being rebuilt as missing. If its slot is unknown, the first
// missing one is marked.
void mark_rebuilding(MdArray& array) {
    size_t elsewhere = 0;
    for (const MdMember& member : array.members) {
        if (member.state != MdMemberState::rebuilding) continue;
        if (member.slot)
            array.slots[static_cast<size_t>(*member.slot)] = MdSlot::rebuilding;
        else
            ++elsewhere;
    }
    for (MdSlot& slot : array.slots) {
        if (elsewhere == 0) break;
        if (slot != MdSlot::missing) continue;
        slot = MdSlot::rebuilding;
        --elsewhere;
    }
}

// The kernel prints "[3/3] [UUU]" for each running array with redundancy.
void note_missing_counts(MdArray& array) {
    if (array.state.value == MdState::inactive || array.state.value == MdState::broken) return;
    if (has_redundancy(array.level.value) && !array.degraded)
        note(array, "no count of its members");
}

MdArray parse_stanza(std::string_view name, const Tokens& tokens, size_t at) {
    MdArray array;
    array.device = name.substr(0, 64);
    at = parse_header(tokens, at, array);
    if (array.state.value == MdState::unknown) return array;
    parse_details(tokens, at, array);
    complete_members(array);
    mark_rebuilding(array);
    note_missing_counts(array);
    return array;
}

// The array's name if the line is the first one of an array, else empty. `next` becomes the
// position of the token after the colon.
std::string_view stanza_name(std::string_view line, const Tokens& tokens, size_t& next) {
    if (tokens.empty() || !tokens[0].starts_with("md")) return {};
    bool indented = is_space(line.front());
    if (tokens.size() >= 2 && tokens[1] == ":") {
        next = 2;
        // A mail program may have indented the line.
        bool state = tokens.size() >= 3 &&
                     (tokens[2] == "active" || tokens[2] == "inactive" || tokens[2] == "broken");
        return !indented || state ? tokens[0] : std::string_view{};
    }
    if (indented) return {};
    next = 1;
    std::string_view name = tokens[0];
    return name.substr(0, name.find(':'));
}

}  // namespace

Mdstat parse_mdstat(std::string_view text) {
    Mdstat result;
    std::string_view name;
    Tokens stanza;
    size_t stanza_begin = 0;
    bool ended = false;  // by "unused devices"
    auto finish = [&] {
        if (!name.empty()) result.arrays.push_back(parse_stanza(name, stanza, stanza_begin));
        name = {};
        stanza.clear();
    };
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        Tokens tokens = split(line);
        if (tokens.empty()) continue;
        size_t next = 0;
        const bool first = tokens[0] == "Personalities" || tokens[0] == "Personalities:";
        const bool last =
            tokens[0] == "unused" && tokens.size() >= 2 && tokens[1].starts_with("devices");
        if (first || last) {
            finish();
            ended = last;
            result.framed = true;
        } else if (std::string_view found = stanza_name(line, tokens, next); !found.empty()) {
            finish();
            name = found;
            stanza = std::move(tokens);
            stanza_begin = next;
        } else if (!name.empty()) {
            stanza.insert(stanza.end(), tokens.begin(), tokens.end());
        }
    }
    finish();
    // An array without members is complete only if something follows it.
    if (!ended && !result.arrays.empty() && result.arrays.back().members.empty())
        note(result.arrays.back(), "no members");
    result.recognised = result.framed || !result.arrays.empty();
    return result;
}

}  // namespace lastgood
