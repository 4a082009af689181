// Parses LVM's record of a volume group, /etc/lvm/backup/VG (its text format, version 1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct LvmSnapshot {
    std::string name;     // of the logical volume
    std::string origin;   // name of the volume that it is of
    std::string pool;     // thin pool; empty: it has its own space for old blocks
    Timestamp taken = 0;  // in whole seconds
};

struct LvmRecord {
    std::vector<std::string> volumes;    // names; LVM's hidden ones, too
    std::vector<LvmSnapshot> snapshots;  // but for those that are being merged into their origin
};

// malformed: no such record, or it is cut.
Result<LvmRecord> parse_lvm_backup(std::string_view text);

// What device-mapper calls a volume: '-' is doubled within both names.
std::string dm_name_of(std::string_view group, std::string_view volume);

// What device-mapper says of a snapshot or a thin pool: a line of `dmsetup status`.
struct DmStatus {
    std::string name;
    std::string target;  // "snapshot", "thin-pool"
    std::string status;  // "8240/16384 48", "Invalid"
};
std::vector<DmStatus> parse_dm_status(std::string_view text);

}  // namespace lastgood
