// Reads the snapshots of snapper on btrfs: N/info.xml and the read-only subvolume N/snapshot.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/snapper_info.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/backups/subvolume.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view own_directory = ".snapshots";

struct Snapshot {
    std::string path;
    Timestamp date = 0;                  // by snapper
    std::optional<Subvolume> subvolume;  // nullopt: it is gone
};

// The subvolume with the snapshots of snapper's configuration, or the one above it.
std::string directory_of(const Host& host, const Backup& backup) {
    const std::string below = fmt::format("{}/{}", backup.location, own_directory);
    return host.exists(below) ? below : backup.location;
}

// nullopt: it is none, it is being made, or it is being removed.
std::optional<Snapshot> read_snapshot(const Host& host, const std::string& directory,
                                      std::vector<RecordedCopy>& unjudged) {
    const auto info = read_record(host, directory + "/info.xml");
    if (!info) {
        if (info.error().kind != ErrorKind::absent)
            unjudged.push_back(unjudged_copy(host, directory + "/info.xml", info.error()));
        return std::nullopt;
    }
    const auto date = parse_snapper_date(*info);
    if (!date) {
        const std::string record = directory + "/info.xml";
        unjudged.push_back(unjudged_copy(
            host, record, {ErrorKind::malformed, record + ": it is no record of a snapshot"}));
        return std::nullopt;
    }
    Snapshot snapshot{directory, *date, std::nullopt};
    const auto subvolume = read_subvolume(host, directory + "/snapshot");
    if (subvolume) {
        snapshot.subvolume = *subvolume;
        const auto names = host.list(directory + "/snapshot");
        // The subvolume with the snapshots is in their source, and an empty directory in them.
        if (names && names->size() == 1 && names->front() == own_directory)
            snapshot.subvolume->empty = true;
    } else if (subvolume.error().kind != ErrorKind::absent &&
               subvolume.error().kind != ErrorKind::malformed) {
        unjudged.push_back(unjudged_copy(host, directory, subvolume.error(), *date));
        return std::nullopt;
    }
    return snapshot;
}

// A writable one is no copy: people work in it, and after a rollback it is the system itself.
bool is_work_in(const Snapshot& snapshot, bool among_received) {
    return snapshot.subvolume && !snapshot.subvolume->read_only &&
           (!among_received || snapshot.subvolume->received);
}

RecordedCopy record_of(const Snapshot& snapshot, bool among_received) {
    RecordedCopy copy{snapshot.date, true, std::nullopt, snapshot.path, ""};
    if (snapshot.subvolume) copy.time = std::min(copy.time, snapshot.subvolume->created);
    copy.reason = snapshot.subvolume ? why_not_whole(*snapshot.subvolume, among_received)
                                     : "its subvolume is gone";
    copy.whole = copy.reason.empty();
    return copy;
}

}  // namespace

Result<BackupState> look_at_snapper(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const std::string directory = directory_of(host, backup);
    const auto names = list_directories(host, directory);
    if (!names) return not_there(names.error(), directory, "directory of snapper");
    if (const auto btrfs = check_btrfs(host, directory); !btrfs) return Failure(btrfs.error());
    std::vector<RecordedCopy> copies;
    std::vector<Snapshot> snapshots;
    for (const std::string& name : *names) {
        if (!consists_of(name, decimal_digits)) continue;
        if (auto snapshot = read_snapshot(host, directory + "/" + name, copies))
            snapshots.push_back(std::move(*snapshot));
    }
    const bool among_received = std::ranges::any_of(
        snapshots, [](const Snapshot& one) { return one.subvolume && one.subvolume->received; });
    bool in_progress = false;
    for (const Snapshot& snapshot : snapshots) {
        if (is_work_in(snapshot, among_received)) continue;
        if (snapshot.subvolume && may_be_arriving(*snapshot.subvolume, host.now()))
            in_progress = true;
        else
            copies.push_back(record_of(snapshot, among_received));
    }
    BackupState state = state_of_copies(std::move(copies), Confidence::exact, host.now());
    state.in_progress = in_progress;
    return state;
}

}  // namespace lastgood
