// Facts about mounted filesystems from mountinfo, fstab, the configuration and drive models; no
// filesystem is accessed. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/filesystem_kind.hpp"
#include "core/fstab.hpp"
#include "core/place.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Whether a mount is read-only on purpose: fstab says so, or fstab does not name it and its mount
// options have "ro". After an error the kernel makes the filesystem read-only, not the mount. False
// with "emergency_ro" or "shutdown".
bool read_only_intended(const Mount& mount, const std::vector<FstabEntry>& fstab);

// True for filesystems of the boot loader and the kernel: they hold no user data.
bool is_boot_filesystem(const Mount& mount);

// True for a cloud's ephemeral drives: their data is lost when the machine is stopped or moved.
bool is_ephemeral_model(std::string_view model);

// One of the `covers` of a backup.
struct CoveredPath {
    const Backup* backup = nullptr;  // never null
    Place place;
};

// What a backup has of a filesystem.
struct CoveringBackup {
    std::string backup;
    std::string part;  // "/etc, /home"; "": all of it
};

// The backups that have the filesystem or a part of it, in the order of `covered`, which has the
// paths of a backup one behind the other. `ephemeral` as in coverage_of().
std::vector<CoveringBackup> backups_of(const Mount& mount, bool ephemeral,
                                       const std::vector<CoveredPath>& covered);

// The reason for which the setting not_backed_up ("/scratch", "/scratch: why") says that the mount
// point needs no backup; "" if it gives none; nullopt: it does not name it.
std::optional<std::string> backup_waived(std::string_view point,
                                         const std::vector<std::string>& not_backed_up);

// Whether the filesystem is there for backups: one lies on it, nothing that a backup covers does,
// and it is none of those that hold data by their name ("/", "/home", "/srv", "/var" …).
bool is_for_backups(const Mount& mount, const Topology& topology,
                    const std::vector<Backup>& backups, const std::vector<CoveredPath>& covered);

// Sum of the counters in a btrfs device's error_stats ("write_errs 3\nread_errs 0\n…"); skips
// malformed lines.
double parse_btrfs_errors(std::string_view text);

}  // namespace lastgood
