#include "collectors/backups/missed.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "collectors/backups/plan.hpp"
#include "core/backup_plan.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/host.hpp"

namespace lastgood {

namespace {

// One without any copy is told by itself: nobody knows since when it should have had one.
bool has_missed(const KnownBackup& one) {
    return one.due && one.night && one.newest && one.readable && !one.has_streams &&
           misses(*one.newest, *one.due);
}

}  // namespace

void derive_missed_nights(const KnownBackups& backups, Timestamp now, Sink& sink) {
    std::map<double, std::set<std::string_view>> missed;  // by night
    for (const auto& [subject, one] : backups) {
        const auto whole = backups.find(whole_of(subject));
        const KnownBackup& agreed = whole != backups.end() ? whole->second : one;
        if (!agreed.copy_of.empty() || !one.copy_of.empty() || agreed.paused_until > now) continue;
        if (has_missed(one)) missed[*one.night].insert(whole_of(subject));
    }
    std::pair<size_t, double> most{0, 0};
    for (const auto& [night, names] : missed) most = std::max(most, std::pair(names.size(), night));
    if (most.first > 0)
        sink.observe(metric::backups_missed, "", static_cast<double>(most.first), now,
                     {{"night", name_of_day(static_cast<int64_t>(most.second))}});
}

}  // namespace lastgood
