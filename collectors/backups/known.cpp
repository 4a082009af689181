#include "collectors/backups/known.hpp"

#include <algorithm>

#include "core/backup_plan.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

void note_time(KnownBackup& known, const Observation& one) {
    const Metric* metric = one.metric;
    if (metric == &metric::backup_newest_timestamp_seconds) {
        if (one.label("confidence") != "activity")
            known.newest = std::max(known.newest.value_or(one.value), one.value);
    } else if (metric == &metric::backup_arrived_timestamp_seconds) {
        known.arrived = &one;
    } else if (metric == &metric::backup_oldest_timestamp_seconds) {
        known.oldest = one.value;
    } else if (metric == &metric::backup_due_timestamp_seconds) {
        known.due = one.value;
    } else if (metric == &metric::backup_long_due_timestamp_seconds) {
        known.long_due = one.value;
    } else if (metric == &metric::backup_due_night) {
        known.night = one.value;
    } else if (metric == &metric::backup_paused_until_timestamp_seconds) {
        known.paused_until = one.value;
    }
}

void note_state(KnownBackup& known, const Observation& one) {
    const Metric* metric = one.metric;
    if (metric == &metric::backup_copy_of)
        known.copy_of = one.label("original");
    else if (metric == &metric::backup_max_age_seconds)
        known.max_age = one.value;
    else if (metric == &metric::backup_lag_seconds)
        known.lag = one.value;
    else if (metric == &metric::backup_max_lag_seconds)
        known.max_lag = one.value;
    else if (metric == &metric::backup_readable)
        known.readable = one.value == 1;
    else if (metric == &metric::backup_streams)
        known.has_streams = one.value >= 1;
    else if (metric == &metric::backup_incomplete)
        known.incomplete = one.value == 1;
    else if (metric == &metric::backup_original_late)
        known.original_late = one.value == 1;
    else if (metric == &metric::backup_copies_gone)
        known.gone = one.value >= 1;
}

}  // namespace

void note_backups(std::span<const Observation> observations, KnownBackups& backups) {
    for (const Observation& one : observations) {
        if (one.metric->subject != SubjectKind::backup) continue;
        KnownBackup& known = backups[one.subject];
        note_time(known, one);
        note_state(known, one);
    }
}

bool is_late(const KnownBackup& backup, Timestamp now) {
    return backup.newest && ((backup.max_age && now - *backup.newest > *backup.max_age) ||
                             (backup.due && misses(*backup.newest, *backup.due)));
}

bool is_late_for_long(const KnownBackup& backup, Timestamp now) {
    return backup.newest &&
           ((backup.max_age && now - *backup.newest > *backup.max_age + long_late) ||
            (backup.long_due && *backup.newest < *backup.long_due - 2 * slot_slack));
}

}  // namespace lastgood
