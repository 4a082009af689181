// What was observed of a backup or of a stream, for what is worked out of several of them. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "core/observation.hpp"

namespace lastgood {

struct KnownBackup {
    std::string_view copy_of;         // the original's name
    std::optional<Timestamp> newest;  // proven
    const Observation* arrived = nullptr;
    std::optional<Timestamp> oldest, due, long_due;
    std::optional<double> night;  // of `due`
    std::optional<Seconds> max_age, lag, max_lag;
    Timestamp paused_until = 0;
    bool readable = false;
    bool has_streams = false;
    bool incomplete = false;
    bool original_late = false;
    bool gone = false;  // all copies are
};
// By name, NAME/STREAM for a stream.
using KnownBackups = std::map<std::string_view, KnownBackup>;

// Adds what the observations say of backups; they must outlive it.
void note_backups(std::span<const Observation> observations, KnownBackups& backups);

// Its newest copy is older than it may be.
bool is_late(const KnownBackup& backup, Timestamp now);
// So late that its job is not late but broken: three days, or three times of its schedule.
bool is_late_for_long(const KnownBackup& backup, Timestamp now);

}  // namespace lastgood
