// Parses a record of /dev/kmsg (kernel documentation, ABI/testing/dev-kmsg).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

// The string_views point into the parsed record.
struct KmsgRecord {
    int level = 0;               // 0 emergency … 7 debug
    unsigned facility = 0;       // 0: the kernel; user space cannot write records with facility 0
    uint64_t sequence = 0;       // starts at 0 with each boot
    uint64_t microseconds = 0;   // since boot (CLOCK_MONOTONIC)
    std::string_view text;       // control characters and backslashes as "\x0a"
    std::string_view subsystem;  // SUBSYSTEM=; empty if missing
    std::string_view device;  // DEVICE=: "b8:0", "c10:3", "n2", "+scsi:0:0:0:0"; empty if missing
};

// Parses "prio,seq,usec,flags[,…];text\n KEY=value\n …". Error: malformed. Pure.
Result<KmsgRecord> parse_kmsg_record(std::string_view record);

// Replaces "\xNN" by the byte it stands for.
std::string unescape_kmsg(std::string_view text);

}  // namespace lastgood
