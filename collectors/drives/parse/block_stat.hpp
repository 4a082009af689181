// Counters of block devices in sysfs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// /sys/block/X/stat (kernel documentation, block/stat.rst): 11 numbers, 15 since Linux 4.18, 17
// since 5.5.
struct BlockStat {
    uint64_t completed = 0;  // requests since boot: reads, writes, discards and flushes
    uint64_t in_flight = 0;  // requests that the driver has not completed
    bool operator==(const BlockStat&) const = default;
};
// nullopt if the text has fewer than 9 numbers or anything else in them.
std::optional<BlockStat> parse_block_stat(std::string_view text);

// A counter like device/ioerr_cnt of SCSI disks: "0x1f".
std::optional<double> parse_hexadecimal(std::string_view text);

// Measures how long requests wait while none completes.
class StallClock {
  public:
    // Takes a sample; `now` is monotonic. Returns seconds, 0 if requests complete or none waits.
    Seconds update(const BlockStat& stat, Seconds now);

  private:
    std::optional<BlockStat> last_;
    Seconds since_ = 0;
};

}  // namespace lastgood
