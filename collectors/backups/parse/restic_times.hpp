// What the times of a restic repository's files say about its backups, without the password.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

struct ResticTimes {
    std::vector<Timestamp> snapshots;  // modification times of snapshots/*
    std::vector<Timestamp> indexes;    // of index/*
    std::vector<Timestamp> keys;       // of keys/*
};

struct ResticVerdict {
    std::optional<Timestamp> backup;    // the newest snapshot that came with new data
    std::optional<Timestamp> activity;  // the newest snapshot file, when it is not that one
    std::optional<Timestamp> oldest;
    bool copied = false;  // the times are those of a copy of the repository, not of backups
};

// restic 0.14 (and all before 0.18 at least): `backup` writes packs (data/), then an index, then
// the snapshot, within seconds. `tag` and `rewrite` write a snapshot alone, and remove the old one.
// So a snapshot is a backup when a pack or an index was written in the minute before it. `prune`
// replaces indexes but leaves the packs of the newest backups, which are wholly in use:
// `packs_near(time)` says whether a pack was written in the minute before `time`; it is asked only
// where no index fits.
//
// What this misses: a backup of wholly unchanged data writes a snapshot alone, too, and counts as
// activity only. A `tag` within a minute of a failed backup or a prune counts as a backup.
//
// A copy without times (`rsync -r`) goes through data, index, keys, snapshots in this order: then
// all keys are newer than all indexes and older than all snapshots, which no other use brings
// about.
ResticVerdict judge_restic(const ResticTimes& times,
                           const std::function<bool(Timestamp)>& packs_near);

constexpr Seconds restic_window = 60;  // between the last pack or index and the snapshot
constexpr Seconds restic_slack = 2;    // coarse times of some filesystems

// A name in snapshots/, index/, keys/, locks/ or data/XX/: the SHA-256 of the content in
// hexadecimal.
bool is_restic_id(std::string_view name);

}  // namespace lastgood
