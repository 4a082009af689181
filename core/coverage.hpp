// What a backup has of a filesystem, or of a directory: by the paths in its `covers`. Pure, but
// covered_paths().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/named_place.hpp"
#include "core/place.hpp"

namespace lastgood {

enum class Extent { none, part, whole };

struct Coverage {
    Extent extent = Extent::none;
    std::string part;  // the path that was named; "" unless it is a part
};

// What a backup of `source` has of `filesystem`, a mount that select_mounts() chose. A path counts
// for the filesystem that it lies on, and only for what is below it. Other filesystems that are
// mounted below, and subvolumes of btrfs, count only if the tool crosses into them
// (`crosses_mounts`). `ephemeral`: the filesystem lies on a disk that does not last; no path above
// it counts then, because it is named by whoever knows of it.
Coverage coverage_of(const Mount& filesystem, bool ephemeral, const Place& source,
                     bool crosses_mounts);
// The same of a directory or a file. What is mounted below it is not asked for.
Coverage coverage_of(const Place& data, bool ephemeral, const Place& source, bool crosses_mounts);

// Where one of its `covers` leads. Whether a link is followed there is up to the tool that reads
// the source: of a hop, that of the first backup. `backups`: those of the configuration.
NamedPlace find_covered(const Host& host, const Topology& topology,
                        const std::vector<Backup>& backups, const Backup& backup,
                        std::string_view path);

// One of the `covers` of a backup.
struct CoveredPath {
    const Backup* backup = nullptr;  // never null
    Place place;
};

// All of them that count (core/named_place.hpp), those of a backup one behind the other.
std::vector<CoveredPath> covered_paths(const Host& host, const Topology& topology,
                                       const std::vector<Backup>& backups);

// What a backup has of a filesystem, or of a directory.
struct CoveringBackup {
    const Backup* backup = nullptr;  // never null
    std::string part;                // "/etc, /home"; "": all of it
};

// The backups that have it or a part of it, in the order of `covered`, as covered_paths() returns
// it. `ephemeral` as in coverage_of().
std::vector<CoveringBackup> backups_of(const Mount& filesystem, bool ephemeral,
                                       const std::vector<CoveredPath>& covered);
std::vector<CoveringBackup> backups_of(const Place& data, bool ephemeral,
                                       const std::vector<CoveredPath>& covered);

}  // namespace lastgood
