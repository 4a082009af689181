// Reads what btrfs says of a subvolume, and whether it is a whole copy. Snapshots have no size of
// their own.
#pragma once

#include <string>

#include "core/host.hpp"

namespace lastgood {

struct Subvolume {
    bool read_only = false;
    bool received = false;     // to the end, by btrfs receive: it has a Received UUID
    bool is_snapshot = false;  // made of another subvolume: it has a Parent UUID
    bool empty = false;
    Timestamp created = 0;  // when the snapshot was taken, or its receipt began; by the kernel
    Timestamp changed = 0;  // at the last write into it
};

// Asks the kernel (BTRFS_IOC_GET_SUBVOL_INFO, since Linux 4.18; any user may). Errors: absent: the
// path is not there; malformed: it is not the top of a subvolume; else those of Host::open(). A
// recorded host has no subvolumes.
Result<Subvolume> read_subvolume(const Host& host, const std::string& path);

// Errors: malformed: the path is on another filesystem than btrfs.
Result<void> check_btrfs(const Host& host, const std::string& path);

// btrfs receive makes the subvolume first, fills it, and says at the end that it is received and
// read-only. Whether it may be at work.
bool may_be_arriving(const Subvolume& subvolume, Timestamp now);

// Why it cannot be relied on; empty: it is a whole copy. `among_received`: others in the same place
// were received, so that this one should be, too.
std::string why_not_whole(const Subvolume& subvolume, bool among_received);

}  // namespace lastgood
