#include "core/filesystem_kind.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("kinds of filesystems") {
    constexpr auto kernel_types = "nodev\tsysfs\nnodev\toverlay\n\text3\n\tnewfs\nnodev\tbtrfs\n";
    const auto kind = [&](const char* type) { return filesystem_kind(type, kernel_types); };
    for (const char* type : {"zfs", "ext4", "btrfs", "newfs", "fuseblk"}) {
        CAPTURE(type);
        CHECK(kind(type) == FilesystemKind::local);
    }
    for (const char* type : {"tmpfs", "overlay", "squashfs", "fuse.lxcfs"}) {
        CAPTURE(type);
        CHECK(kind(type) == FilesystemKind::none);
    }
    for (const char* type : {"nfs4", "ceph", "9p", "fuse", "fuse.sshfs", "fuse.mergerfs"}) {
        CAPTURE(type);
        CHECK(kind(type) == FilesystemKind::network);
    }
}

// FUSE may also unpack or encrypt what is local, and a virtual machine's shared directory may be on
// the drives that hold its own image.
TEST_CASE("filesystems on another machine") {
    for (const char* type : {"nfs", "cifs", "davfs", "fuse.sshfs", "fuse.rclone"}) {
        CAPTURE(type);
        CHECK(is_network_filesystem(type));
    }
    for (const char* type : {"ext4", "fuse", "fuse.gocryptfs", "fuse.mergerfs", "9p", "virtiofs"}) {
        CAPTURE(type);
        CHECK_FALSE(is_network_filesystem(type));
    }
}
