// What can be said of a mounted filesystem from what is written about it, without touching it.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/filesystem_kind.hpp"
#include "core/fstab.hpp"
#include "core/topology.hpp"

namespace lastgood {

// The mounts to look at: of each filesystem the one with the widest view (of btrfs: each
// subvolume), no bind mounts of parts, nothing that another mount hides. In the order of mountinfo.
std::vector<const Mount*> select_mounts(const std::vector<Mount>& mounts,
                                        std::string_view proc_filesystems);

// Whether a mount is meant to be read-only: fstab says so; or fstab does not speak of it and the
// mount itself, not only the filesystem under it, is read-only: errors turn the filesystem, people
// turn the mount. Never after an emergency.
bool read_only_intended(const Mount& mount, const std::vector<FstabEntry>& fstab);

// Filesystems of the boot loader and the kernel hold no data of one's own.
bool is_boot_filesystem(const Mount& mount);

// A drive that does not survive its machine being moved or stopped, by the name that the cloud
// gives it.
bool is_ephemeral_model(std::string_view model);

// Whether some backup names the filesystem, something above it or something in it.
bool is_backed_up(const Mount& mount, const Topology& topology, const std::vector<Backup>& backups);

// Whether it is a place of backups: a mount point of its own under which copies lie.
bool holds_backups(const Mount& mount, const Topology& topology,
                   const std::vector<Backup>& backups);

// Sum of the counters in a btrfs device's error_stats ("write_errs 3\nread_errs 0\n…").
double parse_btrfs_errors(std::string_view text);

}  // namespace lastgood
