// Infers the backups in a restic repository from the times of its files, without the password.
// Pure.
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
    std::optional<Timestamp> activity;  // the newest snapshot file, if it is another one
    std::optional<Timestamp> oldest;
    bool copied = false;  // the times are of a copy of the repository, not of backups
};

// In restic 0.14 (and at least all versions before 0.18), `backup` writes packs (data/), then an
// index, then the snapshot, within seconds. `tag` and `rewrite` write only a snapshot and remove
// the old one. So a snapshot counts as a backup if a pack or an index was written in the minute
// before it. `prune` replaces indexes but keeps the packs of the newest backups, which are all in
// use: `packs_near(time)` returns whether a pack was written in the minute before `time`. It is
// called only for snapshots without a matching index.
//
// Limits: a backup of unchanged data also writes only a snapshot and counts as activity. A `tag`
// within a minute of a failed backup or a prune counts as a backup.
//
// A copy without times (`rsync -r`) writes data, index, keys, snapshots in this order: all keys are
// newer than all indexes and older than all snapshots. No other use of a repository does that.
ResticVerdict judge_restic(const ResticTimes& times,
                           const std::function<bool(Timestamp)>& packs_near);

constexpr Seconds restic_window = 60;  // between the last pack or index and the snapshot
constexpr Seconds restic_slack = 2;    // some filesystems have coarse times

// A name in snapshots/, index/, keys/, locks/ or data/XX/: the SHA-256 of the content in
// hexadecimal.
bool is_restic_id(std::string_view name);

}  // namespace lastgood
