// Parses the unencrypted files and names of a borg repository (borg 1.0 to 1.4). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

struct BorgConfig {
    std::string id;  // 64 hexadecimal digits
    int version = 0;
    bool append_only = false;
};

// Parses REPOSITORY/config. malformed: not a borg repository, or its version is not 1.
Result<BorgConfig> parse_borg_config(std::string_view text);

struct BorgLockHolder {
    std::string host;  // without "@NODE"
    int process = 0;
};

// Parses a name in lock.exclusive/: "HOST@NODE.PID-THREAD" (borg 1.2, locking.py). nullopt: it has
// another form.
std::optional<BorgLockHolder> parse_borg_lock(std::string_view name);

// The number after the prefix, "index.17" → 17: a transaction or a segment. nullopt: another name.
std::optional<int64_t> parse_borg_transaction(std::string_view name, std::string_view prefix);

}  // namespace lastgood
