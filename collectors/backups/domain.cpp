// Finds what a backup shares with the data it covers, and checks that its location is mounted.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/backups/disks.hpp"
#include "collectors/backups/state.hpp"
#include "core/ephemeral.hpp"
#include "core/fstab.hpp"
#include "core/metrics/backups.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// snapper's snapshots are on the filesystem of their source, whatever the configuration says of it.
bool lies_in_its_source(const Host& host, const Backup& backup) {
    constexpr std::string_view own = ".snapshots";
    return backup.kind == BackupKind::snapper &&
           (last_component(without_trailing_slashes(backup.location)) == own ||
            host.exists(fmt::format("{}/{}", backup.location, own)));
}

}  // namespace

std::optional<FailureDomain> closest_domain(const Host& host, const Topology& topology,
                                            const Backup& backup,
                                            const std::vector<Place>& sources) {
    if (lies_in_its_source(host, backup)) return FailureDomain::same_filesystem;
    if (backup.kind == BackupKind::lvm) return FailureDomain::same_drive;
    // A stamp may be anywhere: its location says nothing about the copies.
    if (backup.covers.empty() || backup.location.empty() || !has_copies_at_location(backup.kind))
        return std::nullopt;
    const Place copies = find_place(host, topology, fixed_location(backup));
    // Of a disk that is not there now only its place is seen, on another disk.
    if (!copies.exists || !check_mounted(host, copies.path)) return FailureDomain::unknown;
    std::optional<FailureDomain> closest;
    for (const Place& source : sources) {
        const FailureDomain domain = failure_domain(host, topology, copies, source);
        closest = closest ? closer(*closest, domain) : domain;
    }
    return closest;
}

std::optional<bool> lies_on_host(const Host& host, const Topology& topology, const Backup& backup) {
    if (backup.location.empty() || !has_copies_at_location(backup.kind)) return std::nullopt;
    const Place copies = find_place(host, topology, fixed_location(backup));
    if (!copies.exists || !check_mounted(host, copies.path)) return std::nullopt;
    switch (failure_domain(host, topology, copies, find_place(host, topology, "/"))) {
        case FailureDomain::same_filesystem:
        case FailureDomain::same_drive:
        case FailureDomain::same_host:
            return true;
        case FailureDomain::off_host:
            return false;
        case FailureDomain::unknown:
            break;
    }
    return std::nullopt;
}

void observe_disks(const Host& host, Sink& sink, const Topology& topology,
                   const std::set<std::string>& ephemeral, const Backup& backup) {
    if (backup.location.empty() || !has_copies_at_location(backup.kind)) return;
    const Place copies = find_place(host, topology, fixed_location(backup));
    if (copies.mount == nullptr || !copies.exists || !check_mounted(host, copies.path)) return;
    const Timestamp now = host.now();
    const bool lost = lies_on_ephemeral_disk(host, topology, *copies.mount, ephemeral);
    sink.observe(metric::backup_ephemeral, backup.name, lost ? 1 : 0, now);
    for (const std::string& drive : topology.drives_under_mount(*copies.mount))
        sink.observe(metric::backup_drive, backup.name, 1, now, {{"drive", drive}});
}

Result<void> check_mounted(const Host& host, const std::string& path) {
    const auto mounts = host.read("/proc/self/mountinfo");
    if (!mounts) return {};
    Topology topology;
    topology.mounts = parse_mountinfo(*mounts);
    const auto entries = read_fstab(host, topology);
    if (entries.empty()) return {};
    const std::string place = find_place(host, topology, path).path;
    if (const FstabEntry* entry = find_unmounted(entries, topology, place))
        return fail(
            ErrorKind::absent,
            fmt::format("{}: {} is not mounted, though /etc/fstab names it", path, entry->point));
    return {};
}

Failure not_there(Error error, std::string_view place, std::string_view what) {
    if (error.kind == ErrorKind::absent)
        error.message =
            fmt::format("{}: there is no {}; see whether it is mounted, or was moved", place, what);
    return Failure(std::move(error));
}

}  // namespace lastgood
