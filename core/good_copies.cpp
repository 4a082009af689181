#include "core/good_copies.hpp"

#include <string>

#include "core/backup_plan.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

using Good = GoodCopies::Good;

// Of a copy that is not too old.
Good is_all_there(const Subject& backup) {
    if (backup.value(metric::backup_missing_streams) > 0) return Good::no;
    const bool has_streams = backup.value(metric::backup_streams) >= 1;  // each has a size
    const auto size = has_streams ? std::nullopt : backup.value(metric::backup_size_bytes);
    const bool shrunk = size && *size < backup.value(metric::backup_shrunk_size_bytes);
    return shrunk || backup.value(metric::backup_job_partly) == 1 ? Good::unknown : Good::yes;
}

}  // namespace

GoodCopies::GoodCopies(const std::vector<Observation>& observations, Timestamp now) : now_(now) {
    for (const Observation& one : observations)
        if (one.metric->subject == SubjectKind::backup)
            backups_[one.subject].observations.push_back(&one);
}

Good GoodCopies::fresh(const Subject& backup) const {
    switch (copy_state(backup, now_)) {
        case CopyState::fresh:
            return is_all_there(backup);
        case CopyState::stale:
        case CopyState::never:
        case CopyState::gone:
        case CopyState::incomplete:
        case CopyState::too_small:
            return Good::no;
        case CopyState::from_future:
        case CopyState::unreadable:
        case CopyState::unproven:
        case CopyState::unknown_size:
        case CopyState::no_limit:
        case CopyState::unknown:
            break;
    }
    return Good::unknown;
}

Good GoodCopies::of(std::string_view name) const {
    const auto found = backups_.find(name);
    if (found == backups_.end()) return Good::unknown;
    int missing = static_cast<int>(found->second.value(metric::backup_streams).value_or(0));
    if (missing < 1) return fresh(found->second);
    Good all = is_all_there(found->second);
    const std::string prefix = std::string(name) + "/";
    for (auto one = backups_.lower_bound(prefix);
         one != backups_.end() && one->first.starts_with(prefix); ++one) {
        all = both(all, fresh(one->second));
        --missing;
    }
    return missing > 0 ? both(all, Good::unknown) : all;
}

Good GoodCopies::with_originals(std::string_view name) const {
    Good state = Good::yes;
    for (int hops = 0; !name.empty() && hops < most_hops; ++hops) {
        state = both(state, of(name));
        const auto found = backups_.find(name);
        name = found == backups_.end() ? std::string_view()
                                       : found->second.label(metric::backup_copy_of, "original");
    }
    return state;
}

Good both(Good a, Good b) {
    if (a == Good::no || b == Good::no) return Good::no;
    return a == Good::unknown ? a : b;
}

}  // namespace lastgood
