// Reads the snapshots of a logical volume of LVM: its record tells when they were taken,
// device-mapper whether they still are. Asks no tool that locks or scans: one hanging disk stops
// lvs(8).
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/lvm_backup.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds dmsetup_deadline = 10;

struct Volume {
    std::string_view group, name;
};

// "/dev/vg0/data"
std::optional<Volume> volume_at(std::string_view location) {
    constexpr std::string_view devices = "/dev/";
    if (!location.starts_with(devices)) return std::nullopt;
    std::string_view rest = location.substr(devices.size());
    const std::string_view group = take_until(rest, '/');
    if (group.empty() || group == "mapper" || rest.empty() || contains(rest, '/'))
        return std::nullopt;
    return Volume{group, rest};
}

// Of the volume.
Result<std::vector<LvmSnapshot>> read_snapshots(const Host& host, const Volume& volume) {
    const std::string path = fmt::format("/etc/lvm/backup/{}", volume.group);
    const auto text = host.read(path, 16 * mib);
    if (!text) return not_there(text.error(), path, "record of LVM (backup = 1 in lvm.conf)");
    auto record = parse_lvm_backup(*text);
    if (!record)
        return fail(record.error().kind, fmt::format("{}: {}", path, record.error().message));
    if (!contains(record->volumes, volume.name))
        return fail(ErrorKind::absent,
                    fmt::format("{}: it names no volume {}; see whether it was renamed, or removed",
                                path, volume.name));
    std::erase_if(record->snapshots,
                  [&](const LvmSnapshot& one) { return one.origin != volume.name; });
    return std::move(record->snapshots);
}

Result<std::vector<DmStatus>> ask_device_mapper(const Host& host) {
    const auto output = host.run({.arguments = {"dmsetup", "status", "--noflush"},
                                  .deadline = dmsetup_deadline,
                                  .output_limit = 4 * mib});
    if (!output) return Failure(output.error());
    if (output->exit_status != 0)
        return fail(ErrorKind::failed,
                    fmt::format("dmsetup status failed with exit status {}: {}",
                                output->exit_status, output->standard_error.substr(0, 200)));
    return parse_dm_status(output->standard_output);
}

// Of the snapshot itself, or of the pool that it lies in. nullopt: it is not active.
std::optional<DmStatus> status_of(const std::vector<DmStatus>& all, const Volume& volume,
                                  const LvmSnapshot& snapshot) {
    const std::string name = snapshot.pool.empty()
                                 ? dm_name_of(volume.group, snapshot.name)
                                 : dm_name_of(volume.group, snapshot.pool) + "-tpool";
    const auto found = std::ranges::find(all, name, &DmStatus::name);
    return found == all.end() ? std::nullopt : std::optional(*found);
}

std::string why_not_whole(const DmStatus& status) {
    if (status.target == "thin-pool") {
        const bool broken = status.status == "Fail" || status.status == "Error" ||
                            contains(status.status, "needs_check");
        return broken ? "its thin pool has failed" : "";
    }
    if (status.status == "Invalid" || status.status == "Overflow")
        return "it ran full, and is lost";
    // "8240/16384 48"
    if (status.status.empty() || !is_digit(status.status.front()))
        return fmt::format("device-mapper says of it: {}", status.status);
    return {};
}

}  // namespace

Result<BackupState> look_at_lvm(const Host& host, const Backup& backup) {
    const auto volume = volume_at(backup.location);
    if (!volume)
        return fail(ErrorKind::malformed,
                    fmt::format("{}: it is no volume of LVM; name it as \"/dev/GROUP/VOLUME\"",
                                backup.location));
    const auto snapshots = read_snapshots(host, *volume);
    if (!snapshots) return Failure(snapshots.error());
    if (snapshots->empty()) {
        BackupState none;
        none.count = 0;
        return none;
    }
    const auto statuses = ask_device_mapper(host);
    if (!statuses) return Failure(statuses.error());
    std::vector<RecordedCopy> copies;
    std::vector<Error> problems;
    for (const LvmSnapshot& snapshot : *snapshots) {
        const std::string path = fmt::format("/dev/{}/{}", volume->group, snapshot.name);
        const auto status = status_of(*statuses, *volume, snapshot);
        if (!status) {
            problems.push_back(
                {ErrorKind::absent,
                 fmt::format("{}: it is not active: whether it is whole cannot be told", path)});
            continue;
        }
        RecordedCopy copy{snapshot.taken, true, std::nullopt, path, why_not_whole(*status)};
        copy.whole = copy.reason.empty();
        copies.push_back(std::move(copy));
    }
    const bool nothing_told = copies.empty();
    BackupState state = state_of_copies(std::move(copies), Confidence::inferred, host.now());
    if (nothing_told) {
        state.count.reset();
        state.incomplete.reset();
        Timestamp newest = 0;
        for (const LvmSnapshot& one : *snapshots) newest = std::max(newest, one.taken);
        state.newest.push_back({newest, Confidence::activity});
    }
    for (Error& problem : problems) state.problems.push_back(std::move(problem));
    return state;
}

}  // namespace lastgood
