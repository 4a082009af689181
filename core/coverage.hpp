// How much of a filesystem the paths in a backup's `covers` are. Pure.
#pragma once

#include <string>

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

}  // namespace lastgood
