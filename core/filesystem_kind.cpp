#include "core/filesystem_kind.hpp"

#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::array<std::string_view, 14> network_types = {
    "nfs",   "nfs4",   "cifs",      "smb3",     "smbfs",  "ceph", "afs",
    "ncpfs", "lustre", "glusterfs", "orangefs", "beegfs", "gpfs", "davfs",
};
// FUSE programs whose files are on another machine; others may unpack or encrypt local files.
constexpr std::array<std::string_view, 9> network_fuse_types = {
    "fuse.sshfs", "fuse.rclone",  "fuse.s3fs",   "fuse.glusterfs",  "fuse.ceph",
    "fuse.davfs", "fuse.gcsfuse", "fuse.goofys", "fuse.mount.davfs"};
// Storage of the machine below this virtual one, which may lie on the same drives as this one's.
constexpr std::array<std::string_view, 2> hypervisor_types = {"9p", "virtiofs"};
// Types with a device that never change.
constexpr std::array<std::string_view, 6> unchanging_types = {"squashfs", "iso9660", "udf",
                                                              "erofs",    "cramfs",  "romfs"};
// Types marked "nodev" that store data nevertheless.
constexpr std::array<std::string_view, 4> kept_types = {"btrfs", "zfs", "bcachefs", "ubifs"};
// Types that show the state of programs and store nothing.
constexpr std::array<std::string_view, 7> view_types = {
    "fuse.gvfsd-fuse", "fuse.portal",       "fuse.lxcfs",          "fuse.snapfuse",
    "fuse.squashfuse", "fuse.archivemount", "fuse.vmware-vmblock",
};

}  // namespace

bool is_network_filesystem(std::string_view type) {
    return contains(network_types, type) || contains(network_fuse_types, type);
}

FilesystemKind filesystem_kind(std::string_view type, std::string_view proc_filesystems) {
    if (contains(network_types, type) || contains(hypervisor_types, type))
        return FilesystemKind::network;
    if (contains(view_types, type)) return FilesystemKind::none;
    // Any FUSE program can hang.
    if (type == "fuse" || type.starts_with("fuse.")) return FilesystemKind::network;
    if (contains(unchanging_types, type)) return FilesystemKind::none;
    if (contains(kept_types, type)) return FilesystemKind::local;
    while (!proc_filesystems.empty()) {
        const std::string_view line = take_line(proc_filesystems);
        const size_t tab = line.rfind('\t');
        if (tab == std::string_view::npos || line.substr(tab + 1) != type) continue;
        return line.starts_with("nodev") ? FilesystemKind::none : FilesystemKind::local;
    }
    // Missing in /proc/filesystems: accept only types known to use a device.
    constexpr std::array<std::string_view, 11> device_types = {
        "ext2", "ext3", "ext4",  "xfs",     "vfat",    "exfat",
        "jfs",  "f2fs", "ntfs3", "fuseblk", "reiserfs"};
    return contains(device_types, type) ? FilesystemKind::local : FilesystemKind::none;
}

}  // namespace lastgood
