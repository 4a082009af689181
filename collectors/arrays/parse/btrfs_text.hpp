// Parses what `btrfs device stats` and `btrfs scrub status` print; btrfs-progs 3.12 to 6.11. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// Errors of a device since `btrfs device stats -z`.
struct BtrfsDeviceStats {
    std::string device;     // "sdb1"; "devid:2" of a missing one
    uint64_t io = 0;        // of writes, reads and flushes
    uint64_t wrong = 0;     // checksums and generations
    std::string_view line;  // the first one with an error; else empty
    int counters = 0;       // those that the text has and that could be read
    static constexpr int all_counters = 5;
};

// "[/dev/sdb1].write_io_errs    0": one for each device.
std::vector<BtrfsDeviceStats> parse_btrfs_device_stats(std::string_view text);

struct BtrfsScrub {
    std::string uuid;  // of the filesystem
    uint64_t corrected = 0, uncorrectable = 0;
    uint64_t errors = 0;    // of any kind
    std::string_view line;  // the one that shows the errors; else empty
    bool has_result = false;
};

std::vector<BtrfsScrub> parse_btrfs_scrub_status(std::string_view text);

}  // namespace lastgood
