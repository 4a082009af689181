// Parses Unraid's /proc/mdstat and `mdcmd status`: lines "key=value" and "key.N=value". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

enum class UnraidDiskState {
    ok,
    disabled,  // a write to it failed: Unraid emulates it from parity
    invalid,   // it is being rebuilt, or its content is unknown
    missing,
    wrong,  // another drive than the configured one
    other,  // not configured, or new
};

struct UnraidDisk {
    int slot = 0;        // 0 and 29: parity
    std::string device;  // "sdf"; empty: none
    UnraidDiskState state = UnraidDiskState::other;
    double errors = 0;  // of reads and writes, since the array started
};

struct UnraidArray {
    std::string state;  // "STARTED"
    std::vector<UnraidDisk> disks;
    std::optional<int> disabled, missing, invalid;  // Unraid's own counts
    bool has_states = false;                        // "rdevStatus" of any disk was there
    std::string strange_state;                      // one that is not known; empty: none
};

// nullopt: the text is of another kind.
std::optional<UnraidArray> parse_unraid(std::string_view text);

}  // namespace lastgood
