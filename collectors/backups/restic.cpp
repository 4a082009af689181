// Reads a restic repository in a directory, without its password.
#include <fmt/format.h>

#include <algorithm>

#include "collectors/backups/parse/restic_times.hpp"
#include "collectors/backups/state.hpp"

namespace lastgood {

namespace {

constexpr size_t most_files = 200'000;  // in one directory
constexpr Seconds pack_search_time = 20;

// The modification times of the files in snapshots/, index/, keys/ or locks/. The old "s3legacy"
// layout has other directory names and is not supported.
Result<std::vector<Timestamp>> times_of(const Host& host, const std::string& directory,
                                        std::vector<Error>& problems) {
    const auto names = host.list(directory);
    if (!names) return Failure(names.error());
    if (names->size() > most_files)
        return fail(ErrorKind::failed,
                    fmt::format("{}: more than {} files", directory, most_files));
    std::vector<Timestamp> times;
    for (const auto& name : *names) {
        if (!is_restic_id(name)) continue;  // such as "…-tmp-123456", a file being written
        const auto status = host.status(directory + "/" + name);
        if (status && status->kind == FileKind::regular)
            times.push_back(status->modified);
        else if (!status && status.error().kind != ErrorKind::absent)
            problems.push_back(status.error());
    }
    return times;
}

// The modification times of the packs. Reads them once, and only when needed: there may be many.
class Packs {
  public:
    Packs(const Host& host, std::string directory, std::vector<Error>& problems)
        : host_(host), directory_(std::move(directory)), problems_(problems) {}

    bool near(Timestamp snapshot) {
        if (!read_) read_all();
        const auto found = std::ranges::lower_bound(times_, snapshot - restic_window);
        return found != times_.end() && *found <= snapshot + restic_slack;
    }

  private:
    void read_all() {
        read_ = true;
        const auto directories = host_.list(directory_);
        if (!directories) {
            problems_.push_back(directories.error());
            return;
        }
        const Seconds give_up_at = host_.monotonic() + pack_search_time;
        for (const auto& name : *directories) {
            const auto packs = host_.list(directory_ + "/" + name);
            if (!packs) continue;
            for (const auto& pack : *packs) {
                if (times_.size() >= 10 * most_files || host_.monotonic() > give_up_at) {
                    problems_.push_back(
                        {ErrorKind::timed_out,
                         fmt::format("{}: no time was left to check all packs", directory_)});
                    std::ranges::sort(times_);
                    return;
                }
                if (!is_restic_id(pack)) continue;
                if (const auto status = host_.status(directory_ + "/" + name + "/" + pack))
                    times_.push_back(status->modified);
            }
        }
        std::ranges::sort(times_);
    }

    const Host& host_;
    std::string directory_;
    std::vector<Error>& problems_;
    std::vector<Timestamp> times_;
    bool read_ = false;
};

}  // namespace

Result<BackupState> look_at_restic(const Host& host, const Backup& backup) {
    const std::string& location = backup.location;
    if (auto mounted = check_mounted(host, location); !mounted) return Failure(mounted.error());
    if (auto config = host.status(location + "/config"); !config)
        return not_there(config.error(), location, "restic repository (no file \"config\")");
    BackupState state;
    ResticTimes times;
    auto snapshots = times_of(host, location + "/snapshots", state.problems);
    if (!snapshots) return Failure(snapshots.error());
    times.snapshots = std::move(*snapshots);
    if (auto indexes = times_of(host, location + "/index", state.problems))
        times.indexes = std::move(*indexes);
    else
        state.problems.push_back(indexes.error());
    if (auto keys = times_of(host, location + "/keys", state.problems))
        times.keys = std::move(*keys);
    const auto locks = times_of(host, location + "/locks", state.problems);
    if (locks && !locks->empty()) state.oldest_lock = std::ranges::min(*locks);

    Packs packs(host, location + "/data", state.problems);
    const auto verdict =
        judge_restic(times, [&](Timestamp snapshot) { return packs.near(snapshot); });
    state.count = static_cast<double>(times.snapshots.size());
    state.oldest = verdict.oldest;
    if (verdict.backup) state.newest.push_back({*verdict.backup, Confidence::inferred});
    if (verdict.activity) state.newest.push_back({*verdict.activity, Confidence::activity});
    if (verdict.copied)
        state.problems.push_back(
            {ErrorKind::malformed,
             fmt::format("{}: its files have the times of a copy, not of the backups; copy it with "
                         "its times (rsync -a)",
                         location)});
    return state;
}

}  // namespace lastgood
