// Parses the name that btrbk (0.26 to 0.32) gives to a snapshot and to its copies: the subvolume's
// name, and when the snapshot was taken. Pure, but for the local time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

struct BtrbkName {
    std::string subvolume;  // snapshot_name in btrbk.conf
    Timestamp time = 0;     // of the snapshot, no later than it was taken
    Seconds precision = 0;  // it was taken within so many seconds from there
    unsigned number = 0;    // of several at the same time
};

// "home.20261126T1932", "home.20261126", "home.20261126T193253+0100", each perhaps with "_1" behind
// it (timestamp_format in btrbk.conf). nullopt: btrbk did not name it so.
std::optional<BtrbkName> parse_btrbk_name(std::string_view name);

}  // namespace lastgood
