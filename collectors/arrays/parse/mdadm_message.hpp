// Parses a message of `mdadm --monitor`, as it stands in the system's log behind "mdadm[812]: ".
// The forms come from Monitor.c of mdadm 2.6 to 4.3. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

enum class MdadmEvent {
    fail,         // member `device` was failed
    fail_spare,   // a spare was failed
    degraded,     // members are missing
    disappeared,  // the array is gone
    complete,     // a spare is active or a rebuild is finished
    appeared,     // the array is (again) there
    mismatches,   // a check found `count` sectors with different copies
};

struct MdadmMessage {
    MdadmEvent event = MdadmEvent::fail;
    std::string array;   // "md0"
    std::string device;  // member, "sdb1"; empty: none
    uint64_t count = 0;
};

// nullopt: no event, or one that says nothing about the array's state.
std::optional<MdadmMessage> parse_mdadm_message(std::string_view message);

}  // namespace lastgood
