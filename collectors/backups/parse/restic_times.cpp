#include "collectors/backups/parse/restic_times.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

bool any_within(const std::vector<Timestamp>& sorted, Timestamp from, Timestamp to) {
    const auto found = std::ranges::lower_bound(sorted, from);
    return found != sorted.end() && *found <= to;
}

}  // namespace

ResticVerdict judge_restic(const ResticTimes& times,
                           const std::function<bool(Timestamp)>& packs_near) {
    ResticVerdict verdict;
    if (times.snapshots.empty()) return verdict;
    std::vector<Timestamp> snapshots = times.snapshots;
    std::vector<Timestamp> indexes = times.indexes;
    std::ranges::sort(snapshots, std::ranges::greater());
    std::ranges::sort(indexes);
    verdict.oldest = snapshots.back();

    if (!times.keys.empty() && !indexes.empty()) {
        const auto [first_key, last_key] = std::ranges::minmax(times.keys);
        verdict.copied = indexes.back() < first_key && last_key < snapshots.back();
    }
    if (verdict.copied) {
        verdict.activity = snapshots.front();
        return verdict;
    }
    for (const Timestamp snapshot : snapshots) {
        if (any_within(indexes, snapshot - restic_window, snapshot + restic_slack) ||
            packs_near(snapshot)) {
            verdict.backup = snapshot;
            break;
        }
    }
    if (verdict.backup != snapshots.front()) verdict.activity = snapshots.front();
    return verdict;
}

bool is_restic_id(std::string_view name) {
    return name.size() == 64 && consists_of(name, "0123456789abcdef");
}

}  // namespace lastgood
