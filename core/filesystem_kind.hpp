// Sorts filesystem types into local storage, storage on another machine, and others. Pure.
#pragma once

#include <string_view>

namespace lastgood {

enum class FilesystemKind {
    none,  // not storage (proc, tmpfs), or storage that never changes (squashfs)
    local,
    network,  // may hang
};

// Whether the type keeps its data on another machine: network filesystems, and FUSE programs known
// to be ones.
bool is_network_filesystem(std::string_view type);

// Judges by the type's name and the text of /proc/filesystems, which marks types without a device
// as "nodev" (btrfs is marked too, but has devices). Every FUSE type counts as network: it may
// hang.
FilesystemKind filesystem_kind(std::string_view type, std::string_view proc_filesystems);

}  // namespace lastgood
