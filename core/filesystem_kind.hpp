// What a type of filesystem is to us: local storage, storage of another machine, or none.
#pragma once

#include <string_view>

namespace lastgood {

enum class FilesystemKind {
    none,
    local,
    network
};  // none: holds nothing that lasts, or nothing that changes

// By the type's name and by /proc/filesystems (types marked "nodev" have no device; btrfs is marked
// and has).
FilesystemKind filesystem_kind(std::string_view type, std::string_view proc_filesystems);

}  // namespace lastgood
