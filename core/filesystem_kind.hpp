// Sorts filesystem types into local storage, storage on another machine, and others. Pure.
#pragma once

#include <string_view>

namespace lastgood {

enum class FilesystemKind {
    none,
    local,
    network
};  // none: not storage (proc, tmpfs), or storage that never changes (squashfs)

// Judges by the type's name and the text of /proc/filesystems, which marks types without a device
// as "nodev" (btrfs is marked too, but has devices). Every FUSE type counts as network: it may
// hang.
FilesystemKind filesystem_kind(std::string_view type, std::string_view proc_filesystems);

}  // namespace lastgood
