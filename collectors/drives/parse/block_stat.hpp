// Counters of a block device in sysfs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// /sys/block/X/stat (Linux Documentation/block/stat.rst): 11 numbers, 15 since Linux 4.18, 17
// since 5.5.
struct BlockStat {
    uint64_t completed = 0;  // reads, writes, discards and flushes
    uint64_t in_flight = 0;  // requests given to the driver and not yet completed
    bool operator==(const BlockStat&) const = default;
};
std::optional<BlockStat> parse_block_stat(std::string_view text);

// device/ioerr_cnt of SCSI disks: "0x1f".
std::optional<double> parse_hexadecimal(std::string_view text);

// How long requests have waited without one completing.
class StallClock {
  public:
    // `now` is a monotonic time. Returns seconds, 0 while requests complete or none waits.
    Seconds update(const BlockStat& stat, Seconds now);

  private:
    std::optional<BlockStat> last_;
    Seconds since_ = 0;
};

}  // namespace lastgood
