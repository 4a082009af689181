// Whether a filesystem needs a backup at all: from mountinfo, fstab and the configuration. No
// filesystem is accessed. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/coverage.hpp"
#include "core/fstab.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Whether a mount is read-only on purpose: fstab says so, or fstab does not name it and its mount
// options have "ro". After an error the kernel makes the filesystem read-only, not the mount. False
// with "emergency_ro" or "shutdown".
bool read_only_intended(const Mount& mount, const std::vector<FstabEntry>& fstab);

// True for filesystems of the boot loader and the kernel: they hold no user data.
bool is_boot_filesystem(const Mount& mount);

// Whether the filesystem is there for backups: one lies on it, nothing that a backup covers does,
// and it is none of those that hold data by their name ("/", "/home", "/srv", "/var" …).
bool is_for_backups(const Mount& mount, const Topology& topology,
                    const std::vector<Backup>& backups, const std::vector<CoveredPath>& covered);

// The reason for which the setting not_backed_up ("/scratch", "/scratch: why") says that the path
// needs no backup; "" if it gives none; nullopt: it does not name it.
std::optional<std::string> backup_waived(std::string_view path,
                                         const std::vector<std::string>& not_backed_up);

}  // namespace lastgood
