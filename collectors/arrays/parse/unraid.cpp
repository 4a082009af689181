#include "collectors/arrays/parse/unraid.hpp"

#include <map>

#include "core/text.hpp"

namespace lastgood {

namespace {

UnraidDiskState state_of(std::string_view word) {
    if (word == "DISK_OK") return UnraidDiskState::ok;
    if (word == "DISK_DSBL" || word == "DISK_DSBL_NEW" || word == "DISK_NP_DSBL")
        return UnraidDiskState::disabled;
    if (word == "DISK_INVALID") return UnraidDiskState::invalid;
    if (word == "DISK_NP_MISSING") return UnraidDiskState::missing;
    if (word == "DISK_WRONG") return UnraidDiskState::wrong;
    return UnraidDiskState::other;  // DISK_NP, DISK_NEW
}

bool is_known(std::string_view word) {
    return state_of(word) != UnraidDiskState::other || word == "DISK_NP" || word == "DISK_NEW";
}

}  // namespace

std::optional<UnraidArray> parse_unraid(std::string_view text) {
    constexpr int max_slots = 64;
    UnraidArray array;
    std::map<int, UnraidDisk> disks;
    bool found = false;
    while (!text.empty()) {
        const std::string_view line = trim(take_line(text), " \t\r>");
        const size_t equals = line.find('=');
        if (equals == line.npos) continue;
        std::string_view key = line.substr(0, equals);
        const std::string_view value = line.substr(equals + 1);
        const auto count = [&]() {
            std::string_view digits = value;
            return take_number<int>(digits);
        };
        if (key == "mdState") array.state = std::string(value.substr(0, 32));
        if (key == "mdNumDisabled") array.disabled = count();
        if (key == "mdNumMissing") array.missing = count();
        if (key == "mdNumInvalid") array.invalid = count();
        found = found || key == "mdState" || key == "mdNumDisabled";
        const size_t dot = key.find('.');
        if (dot == key.npos) continue;
        const auto slot = parse_number<int>(key.substr(dot + 1));
        if (!slot || *slot < 0 || *slot >= max_slots) continue;
        key = key.substr(0, dot);
        UnraidDisk& disk = disks[*slot];
        disk.slot = *slot;
        if (key == "rdevStatus") {
            disk.state = state_of(value);
            array.has_states = true;
            if (!is_known(value)) array.strange_state = std::string(value.substr(0, 32));
            found = true;
        }
        if (key == "rdevName") disk.device = std::string(value.substr(0, 64));
        if (key == "rdevNumErrors") disk.errors = count().value_or(0);
    }
    if (!found) return std::nullopt;
    for (auto& [slot, disk] : disks) array.disks.push_back(std::move(disk));
    return array;
}

}  // namespace lastgood
