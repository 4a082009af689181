// The parts of a borg repository (1.0 to 1.4) that lie in clear.
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

// REPOSITORY/config. malformed: no borg repository, or one of another version than 1.
Result<BorgConfig> parse_borg_config(std::string_view text);

struct BorgLockHolder {
    std::string host;  // "server@1234567890" without what follows the '@'
    int process = 0;
};

// A name in lock.exclusive/: "HOST@NODE.PID-THREAD" (borg 1.2 locking.py).
std::optional<BorgLockHolder> parse_borg_lock(std::string_view name);

// "index.17" → 17: the number of the last transaction.
std::optional<int64_t> parse_borg_transaction(std::string_view name, std::string_view prefix);

}  // namespace lastgood
