// Reads the snapshots and copies that btrbk made in a directory: read-only subvolumes whose name
// tells when the snapshot was taken, and for which the kernel tells whether they are whole.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/btrbk_name.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/backups/subvolume.hpp"

namespace lastgood {

namespace {

struct Snapshot {
    std::string path;
    BtrbkName name;
    std::optional<Subvolume> subvolume;  // nullopt: a plain directory
};

// The content is as old as the name says, and no younger than the subvolume itself.
Timestamp time_of(const Snapshot& snapshot) {
    if (!snapshot.subvolume) return snapshot.name.time;
    const Timestamp created = snapshot.subvolume->created;
    return created < snapshot.name.time + snapshot.name.precision ? created : snapshot.name.time;
}

using Unjudged = std::map<std::string, std::vector<RecordedCopy>>;  // by the subvolume's name

Result<std::vector<Snapshot>> read_snapshots(const Host& host, const std::string& directory,
                                             Unjudged& unjudged) {
    const auto names = list_directories(host, directory);
    if (!names) return not_there(names.error(), directory, "directory of btrbk");
    std::vector<Snapshot> snapshots;
    for (const std::string& name : *names) {
        const auto parsed = parse_btrbk_name(name);
        if (!parsed) continue;
        Snapshot snapshot{directory + "/" + name, *parsed, std::nullopt};
        const auto subvolume = read_subvolume(host, snapshot.path);
        if (subvolume) {
            snapshot.subvolume = *subvolume;
        } else if (subvolume.error().kind == ErrorKind::absent) {
            continue;  // removed since it was listed
        } else if (subvolume.error().kind != ErrorKind::malformed) {
            unjudged[parsed->subvolume].push_back(
                unjudged_copy(host, snapshot.path, subvolume.error(), parsed->time));
            continue;
        }
        snapshots.push_back(std::move(snapshot));
    }
    return snapshots;
}

class Subvolumes {
  public:
    Subvolumes(bool among_received, Timestamp now) : among_received_(among_received), now_(now) {}
    void add(const Snapshot& snapshot);
    void add_unjudged(const std::string& name, std::vector<RecordedCopy> copies) {
        streams_[name].copies = std::move(copies);
    }
    // By the name of the source's subvolume.
    std::map<std::string, BackupState> judge();

  private:
    struct Stream {
        std::vector<RecordedCopy> copies;
        bool in_progress = false;
    };
    bool among_received_;
    Timestamp now_;
    std::map<std::string, Stream> streams_;
};

void Subvolumes::add(const Snapshot& snapshot) {
    Stream& stream = streams_[snapshot.name.subvolume];
    if (snapshot.subvolume && may_be_arriving(*snapshot.subvolume, now_)) {
        stream.in_progress = true;
        return;
    }
    RecordedCopy copy{time_of(snapshot), true, std::nullopt, snapshot.path, ""};
    copy.reason = snapshot.subvolume ? why_not_whole(*snapshot.subvolume, among_received_)
                                     : "it is a plain directory, and no subvolume of btrfs";
    copy.whole = copy.reason.empty();
    stream.copies.push_back(std::move(copy));
}

std::map<std::string, BackupState> Subvolumes::judge() {
    std::map<std::string, BackupState> states;
    for (auto& [name, stream] : streams_) {
        BackupState& state = states[name];
        state = state_of_copies(std::move(stream.copies), Confidence::exact, now_);
        state.in_progress = stream.in_progress;
    }
    return states;
}

}  // namespace

Result<BackupState> look_at_btrbk(const Host& host, const Backup& backup, LookMemory& memory) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    BackupState whole;
    Unjudged unjudged;
    const auto snapshots = read_snapshots(host, backup.location, unjudged);
    if (!snapshots) return Failure(snapshots.error());
    if (const auto btrfs = check_btrfs(host, backup.location); !btrfs)
        return Failure(btrfs.error());
    const bool among_received = std::ranges::any_of(
        *snapshots, [](const Snapshot& one) { return one.subvolume && one.subvolume->received; });
    Subvolumes subvolumes(among_received, host.now());
    for (auto& [name, copies] : unjudged) subvolumes.add_unjudged(name, std::move(copies));
    for (const Snapshot& snapshot : *snapshots) subvolumes.add(snapshot);
    auto states = subvolumes.judge();
    if (states.empty()) whole.count = 0;
    const bool had_one_only = remembered_streams(memory).empty();
    if (states.size() == 1 && had_one_only) return std::move(states.begin()->second);
    for (auto& [name, state] : states) whole.streams.push_back({name, "", std::move(state), true});
    if (!whole.streams.empty()) summarise_streams(whole);
    return whole;
}

}  // namespace lastgood
