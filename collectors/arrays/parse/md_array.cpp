#include "collectors/arrays/parse/md_array.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace lastgood {

namespace {

constexpr std::array<std::pair<std::string_view, MdLevel>, 17> level_words = {{
    {"linear", MdLevel::linear},
    {"raid0", MdLevel::raid0},
    {"raid1", MdLevel::raid1},
    {"raid4", MdLevel::raid4},
    {"raid5", MdLevel::raid5},
    {"raid6", MdLevel::raid6},
    {"raid10", MdLevel::raid10},
    {"multipath", MdLevel::multipath},
    {"faulty", MdLevel::faulty},
    {"container", MdLevel::container},
    // Without a personality, sysfs shows the metadata's number (include/uapi/linux/raid/md_p.h).
    {"0", MdLevel::raid0},
    {"1", MdLevel::raid1},
    {"4", MdLevel::raid4},
    {"5", MdLevel::raid5},
    {"6", MdLevel::raid6},
    {"10", MdLevel::raid10},
    {"-1", MdLevel::linear},
}};

constexpr std::array<std::pair<std::string_view, MdState>, 10> state_words = {{
    {"clear", MdState::clear},
    {"inactive", MdState::inactive},
    {"suspended", MdState::suspended},
    {"readonly", MdState::readonly},
    {"read-auto", MdState::read_auto},
    {"clean", MdState::clean},
    {"active", MdState::active},
    {"write-pending", MdState::write_pending},
    {"active-idle", MdState::active_idle},
    {"broken", MdState::broken},
}};

constexpr std::array<std::pair<std::string_view, MdAction>, 8> action_words = {{
    {"idle", MdAction::idle},
    {"resync", MdAction::resync},
    {"recover", MdAction::recover},
    {"recovery", MdAction::recover},
    {"check", MdAction::check},
    {"repair", MdAction::repair},
    {"reshape", MdAction::reshape},
    {"frozen", MdAction::frozen},
}};

// Names of the parity layouts of RAID 5 and 6 (drivers/md/raid5.h, mdadm's maps.c).
std::string_view parity_layout(int layout) {
    switch (layout) {
        case 0:
            return "left-asymmetric";
        case 1:
            return "right-asymmetric";
        case 2:
            return "left-symmetric";
        case 3:
            return "right-symmetric";
        case 4:
            return "parity-first";
        case 5:
            return "parity-last";
        case 8:
            return "ddf-zero-restart";
        case 9:
            return "ddf-N-restart";
        case 10:
            return "ddf-N-continue";
        case 16:
            return "left-asymmetric-6";
        case 17:
            return "right-asymmetric-6";
        case 18:
            return "left-symmetric-6";
        case 19:
            return "right-symmetric-6";
        case 20:
            return "parity-first-6";
        default:
            return {};
    }
}

}  // namespace

MdLevelWord parse_md_level(std::string_view word) {
    if (word.empty() || word == "none" || word == "-1000000")
        return {MdLevel::none, std::string(word)};
    if (word == "-4") return {MdLevel::multipath, std::string(word)};
    if (word == "-5") return {MdLevel::faulty, std::string(word)};
    for (const auto& [text, level] : level_words)
        if (text == word) return {level, std::string(word)};
    return {MdLevel::unknown, std::string(word)};
}

MdStateWord parse_md_state(std::string_view word) {
    for (const auto& [text, state] : state_words)
        if (text == word) return {state, std::string(word)};
    return {MdState::unknown, std::string(word)};
}

MdActionWord parse_md_action(std::string_view word) {
    for (const auto& [text, action] : action_words)
        if (text == word) return {action, std::string(word)};
    return {MdAction::unknown, std::string(word)};
}

std::string_view to_string(MdLevel level) {
    switch (level) {
        case MdLevel::none:
            return "none";
        case MdLevel::linear:
            return "linear";
        case MdLevel::raid0:
            return "raid0";
        case MdLevel::raid1:
            return "raid1";
        case MdLevel::raid4:
            return "raid4";
        case MdLevel::raid5:
            return "raid5";
        case MdLevel::raid6:
            return "raid6";
        case MdLevel::raid10:
            return "raid10";
        case MdLevel::multipath:
            return "multipath";
        case MdLevel::faulty:
            return "faulty";
        case MdLevel::container:
            return "container";
        case MdLevel::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string_view to_string(MdState state) {
    switch (state) {
        case MdState::clear:
            return "clear";
        case MdState::inactive:
            return "inactive";
        case MdState::suspended:
            return "suspended";
        case MdState::readonly:
            return "readonly";
        case MdState::read_auto:
            return "read-auto";
        case MdState::clean:
            return "clean";
        case MdState::active:
            return "active";
        case MdState::write_pending:
            return "write-pending";
        case MdState::active_idle:
            return "active-idle";
        case MdState::broken:
            return "broken";
        case MdState::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string_view to_string(MdAction action) {
    switch (action) {
        case MdAction::idle:
            return "idle";
        case MdAction::resync:
            return "resync";
        case MdAction::recover:
            return "recover";
        case MdAction::check:
            return "check";
        case MdAction::repair:
            return "repair";
        case MdAction::reshape:
            return "reshape";
        case MdAction::frozen:
            return "frozen";
        case MdAction::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string_view to_string(MdPhase phase) {
    switch (phase) {
        case MdPhase::none:
            return "none";
        case MdPhase::running:
            return "running";
        case MdPhase::delayed:
            return "delayed";
        case MdPhase::pending:
            return "pending";
        case MdPhase::remote:
            return "remote";
    }
    return "none";
}

std::string_view to_string(MdMemberState state) {
    switch (state) {
        case MdMemberState::in_sync:
            return "in_sync";
        case MdMemberState::rebuilding:
            return "rebuilding";
        case MdMemberState::spare:
            return "spare";
        case MdMemberState::faulty:
            return "faulty";
        case MdMemberState::journal:
            return "journal";
        case MdMemberState::replacement:
            return "replacement";
        case MdMemberState::unknown:
            return "unknown";
    }
    return "unknown";
}

bool has_redundancy(MdLevel level) {
    switch (level) {
        case MdLevel::raid1:
        case MdLevel::raid4:
        case MdLevel::raid5:
        case MdLevel::raid6:
        case MdLevel::raid10:
            return true;
        case MdLevel::none:
        case MdLevel::linear:
        case MdLevel::raid0:
        case MdLevel::multipath:
        case MdLevel::faulty:
        case MdLevel::container:
        case MdLevel::unknown:
            return false;
    }
    return false;
}

bool is_container(const MdArray& array) {
    if (array.level.value == MdLevel::container) return true;
    // mdstat prints no level for an inactive array. The metadata of a container is "external:" and
    // the format's name; an array in a container has "external:/…" ("external:-…" while mdmon must
    // not touch it).
    constexpr std::string_view prefix = "external:";
    if (array.level.value != MdLevel::none || !array.metadata.starts_with(prefix)) return false;
    std::string_view name = std::string_view(array.metadata).substr(prefix.size());
    return !name.empty() && name.front() != '/' && name.front() != '-';
}

int raid10_layout(int near_copies, int far_copies, bool offset, int far_sets) {
    return (near_copies & 0xff) | (far_copies & 0xff) << 8 | (offset ? 1 << 16 : 0) |
           (far_sets & 3) << 17;
}

std::string describe_layout(MdLevel level, std::optional<int> layout) {
    if (!layout) return {};
    switch (level) {
        case MdLevel::raid5:
        case MdLevel::raid6: {
            std::string_view word = parity_layout(*layout);
            return word.empty() ? fmt::to_string(*layout) : std::string(word);
        }
        case MdLevel::raid10: {
            int near_copies = *layout & 0xff;
            int far_copies = *layout >> 8 & 0xff;
            bool offset = (*layout & 1 << 16) != 0;
            if (far_copies <= 1) return fmt::format("near={}", near_copies);
            std::string text = fmt::format("{}={}", offset ? "offset" : "far", far_copies);
            return near_copies <= 1 ? text : fmt::format("near={} {}", near_copies, text);
        }
        case MdLevel::none:
        case MdLevel::linear:
        case MdLevel::raid0:
        case MdLevel::raid1:
        case MdLevel::raid4:
        case MdLevel::multipath:
        case MdLevel::faulty:
        case MdLevel::container:
        case MdLevel::unknown:
            return {};
    }
    return {};
}

}  // namespace lastgood
