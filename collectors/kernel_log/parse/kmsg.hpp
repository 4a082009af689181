// One record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

struct KmsgRecord {
    int level = 0;               // 0 … 7
    unsigned facility = 0;       // 0 is the kernel; user space cannot write records with it
    uint64_t sequence = 0;       // counts from 0 with each boot
    uint64_t microseconds = 0;   // since boot
    std::string_view text;       // control characters as "\x0a"
    std::string_view subsystem;  // SUBSYSTEM=
    std::string_view device;     // DEVICE=: "b8:0", "c10:3", "n2", "+scsi:0:0:0:0"
};

// "prio,seq,usec,flags[,…];text\n KEY=value\n …"; the views point into `record`.
Result<KmsgRecord> parse_kmsg_record(std::string_view record);

// The text with "\xNN" taken back; "\x5c" is a backslash.
std::string unescape_kmsg(std::string_view text);

}  // namespace lastgood
