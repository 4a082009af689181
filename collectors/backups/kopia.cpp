// Reads what a kopia repository in a directory shows without its password: that it is there, and
// when its index last changed. Everything else, also the time of each snapshot, is encrypted;
// maintenance and policies change the index too.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/backups/state.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int deepest_shard = 4;  // x/n0_/abc…; the usual ones have 2 parts
constexpr size_t most_directories = 10'000;

// The newest change of the directories of index blobs, whose names begin with "x" (and "n" before
// kopia 0.9): a file that comes or goes changes its directory.
void newest_change(const Host& host, const std::string& directory, int depth, size_t& directories,
                   Timestamp& newest) {
    if (++directories > most_directories || depth > deepest_shard) return;
    const auto names = host.list(directory);
    if (!names) return;
    for (const std::string& name : *names) {
        const std::string path = directory + "/" + name;
        const auto status = host.status(path, false);
        if (!status) continue;
        newest = std::max(newest, status->modified);
        if (status->kind == FileKind::directory)
            newest_change(host, path, depth + 1, directories, newest);
    }
}

}  // namespace

Result<BackupState> look_at_kopia(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const std::string format = backup.location + "/kopia.repository";
    auto status = host.status(format + ".f");
    if (!status && status.error().kind == ErrorKind::absent) status = host.status(format);
    if (!status)
        return not_there(status.error(), backup.location,
                         "kopia repository (no file \"kopia.repository.f\")");
    const auto names = host.list(backup.location);
    if (!names) return Failure(names.error());
    Timestamp newest = 0;
    size_t directories = 0;
    for (const std::string& name : *names) {
        if (!name.starts_with('x') && !name.starts_with('n')) continue;
        const std::string path = backup.location + "/" + name;
        if (const auto shard = host.status(path, false)) {
            newest = std::max(newest, shard->modified);
            if (shard->kind == FileKind::directory)
                newest_change(host, path, 1, directories, newest);
        }
    }
    BackupState state;
    if (newest > 0)
        state.newest.push_back({newest, Confidence::activity});
    else
        state.count = 0;  // nothing was ever written to it
    return state;
}

}  // namespace lastgood
