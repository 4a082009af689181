// What the readers of backups have in common: what they find out about one stream of copies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/host.hpp"

namespace lastgood {

// How far the time of a copy can be relied upon.
enum class Confidence {
    exact,     // the tool's own record of a finished backup
    inferred,  // from files that only a finished backup leaves
    activity,  // something changed: no proof that it was a backup
};
std::string_view to_string(Confidence confidence);

struct NewestCopy {
    Timestamp time = 0;
    Confidence confidence = Confidence::activity;
};

struct BackupState {
    std::vector<NewestCopy> newest;  // at most one of each confidence
    std::optional<Timestamp> oldest;
    std::optional<double> size;       // of the newest complete copy, bytes
    std::optional<double> count;      // complete copies; 0: a backup was never made
    std::optional<bool> incomplete;   // the newest finished copy is not whole
    std::optional<bool> in_progress;  // a copy is being written
    std::optional<Timestamp> oldest_lock;
    std::vector<Error> problems;  // what could not be read, though the rest could
};

// Readers. An Error means that the place of the copies could not be read at all.
Result<BackupState> look_at_files(const Host& host, const Config& config, const Backup& backup);
Result<BackupState> look_at_restic(const Host& host, const Backup& backup);
Result<BackupState> look_at_borg(const Host& host, const Backup& backup);
Result<BackupState> look_at_pgbackrest(const Host& host, const Backup& backup);
Result<BackupState> look_at_stamp(const Host& host, const Backup& backup);

// What the copies share with what they cover.
enum class FailureDomain { same_filesystem, same_drive, same_host, off_host, unknown };
std::string_view to_string(FailureDomain domain);

// The closest of all `covers`; nothing when the backup names none. Blocks on no device.
std::optional<FailureDomain> failure_domain(const Host& host, const Config& config,
                                            const Backup& backup);

// An Error when fstab says that something should be mounted at or above the path and it is not: an
// empty mount point is no empty repository.
Result<void> check_mounted(const Host& host, const std::string& path);

}  // namespace lastgood
