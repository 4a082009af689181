#include "collectors/backups/subvolume.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "core/descriptor.hpp"

namespace lastgood {

namespace {

constexpr uint64_t top_inode = 256;  // BTRFS_FIRST_FREE_OBJECTID
constexpr uint64_t read_only = 1;    // BTRFS_ROOT_SUBVOL_RDONLY
// btrfs commits each 30 s, and receive writes all the time.
constexpr Seconds settle_time = 900;

Timestamp time_of(const btrfs_ioctl_timespec& time) {
    return static_cast<double>(time.sec) + time.nsec / 1e9;
}

bool is_set(const auto& uuid) {
    return std::ranges::any_of(uuid, [](uint8_t byte) { return byte != 0; });
}

// Of the subvolume that the path is in.
Result<btrfs_ioctl_get_subvol_info_args> ask(const Host& host, const std::string& path) {
    auto opened = host.open(path, O_DIRECTORY);
    if (!opened) return Failure(opened.error());
    const Descriptor directory(*opened);
    btrfs_ioctl_get_subvol_info_args info{};
    // Kernels return 1 with an answer, too (seen with 6.18).
    if (ioctl(directory.get(), BTRFS_IOC_GET_SUBVOL_INFO, &info) >= 0) return info;
    if (errno == ENOTTY)
        return fail(ErrorKind::malformed, fmt::format("{}: it is not on btrfs", path));
    return fail(errno == EACCES || errno == EPERM ? ErrorKind::denied : ErrorKind::failed,
                fmt::format("{}: {}", path, errno_text(errno)));
}

}  // namespace

Result<void> check_btrfs(const Host& host, const std::string& path) {
    if (const auto info = ask(host, path); !info) return Failure(info.error());
    return {};
}

Result<Subvolume> read_subvolume(const Host& host, const std::string& path) {
    const auto status = host.status(path);
    if (!status) return Failure(status.error());
    if (status->kind != FileKind::directory || status->inode != top_inode)
        return fail(ErrorKind::malformed, fmt::format("{}: it is no subvolume", path));
    const auto info = ask(host, path);
    if (!info) return Failure(info.error());
    Subvolume subvolume;
    subvolume.read_only = (info->flags & read_only) != 0;
    subvolume.received = is_set(info->received_uuid);
    subvolume.is_snapshot = is_set(info->parent_uuid);
    subvolume.empty = status->size == 0;
    subvolume.created = time_of(info->otime);
    subvolume.changed = time_of(info->ctime);
    return subvolume;
}

bool may_be_arriving(const Subvolume& subvolume, Timestamp now) {
    return !subvolume.received && !subvolume.read_only && now - subvolume.changed < settle_time;
}

std::string why_not_whole(const Subvolume& subvolume, bool among_received) {
    const bool wants_receipt = among_received || !subvolume.is_snapshot;
    if (!subvolume.received && wants_receipt)
        return "it was not received to its end: it has no Received UUID";
    if (!subvolume.read_only) return "it is not read-only: it may have been changed since";
    if (subvolume.empty) return "it is empty: was the source mounted?";
    return {};
}

}  // namespace lastgood
