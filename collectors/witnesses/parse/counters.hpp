// Counters of filesystems that only grow, as the kernel prints them in /sys/fs. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// What a witness counted at a time.
struct Sighting {
    Timestamp at = 0;
    double count = 0;
    // So much of it was certainly on the disk: not even a power cut takes the count below that.
    double saved = 0;

    bool operator==(const Sighting&) const = default;
};

// ext4's lifetime_write_kbytes and session_write_kbytes (Linux fs/ext4/sysfs.c): the superblock on
// the disk has at least what it had at the mount. nullopt: not two numbers.
std::optional<Sighting> ext4_sighting(std::string_view lifetime, std::string_view session);

// XFS's log_head_lsn, "CYCLE:BLOCK" (Linux fs/xfs/xfs_sysfs.c). A crash loses at most what the
// buffers of the log held. nullopt: malformed.
std::optional<Sighting> xfs_sighting(std::string_view log_head);

// btrfs' generation (Linux fs/btrfs/sysfs.c). A crash loses the transaction that runs; a mount
// from an older root (rescue=usebackuproot) goes back by up to four. nullopt: malformed.
std::optional<Sighting> btrfs_sighting(std::string_view generation);

}  // namespace lastgood
