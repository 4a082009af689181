// Parses what `zpool status` prints; OpenZFS 0.6 to 2.3, also FreeBSD's. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

struct ZpoolLeaf {
    std::string device;  // "sda", "ata-…-part1", "16262…" of a missing one
    std::string state;   // "ONLINE", "FAULTED", …
    uint64_t read = 0, write = 0, checksum = 0;
    std::string_view line;
};

// A mirror or RAID-Z group; a leaf outside of one is a group of its own.
struct ZpoolGroup {
    int parity = 0;  // losses that it survives when complete
    int lost = 0;    // leaves that are not usable
};

struct ZpoolStatus {
    std::string pool;
    std::string state;  // "ONLINE", "DEGRADED", …; empty: not in the text
    std::string_view state_line;
    std::vector<ZpoolLeaf> leaves;  // with caches, logs and spares
    std::vector<ZpoolGroup> groups;
    uint64_t data_errors = 0;      // files or blocks that no copy could repair; a lower bound
    std::string_view errors_line;  // with data errors; else empty
    bool has_errors_line = false;  // the last line of each pool; without it the text is cut off
    std::vector<std::string_view> unread;  // rows of the table of an unknown form
};

std::vector<ZpoolStatus> parse_zpool_status(std::string_view text);

// True if the leaf of this state gives no data.
bool is_lost(std::string_view state);

}  // namespace lastgood
