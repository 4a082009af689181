#include "collectors/backups/plan.hpp"

#include <algorithm>

#include "core/calendar.hpp"
#include "core/metrics/backups.hpp"
#include "core/time_zone.hpp"

namespace lastgood {

namespace {

constexpr int missed_for_long = 3;  // slots
constexpr Seconds long_enough = 86400;

}  // namespace

Result<DueTimes> due_times(const Host& host, const BackupPlan& plan, Timestamp now) {
    const auto calendar = Calendar::parse(plan.schedule);
    if (!calendar) return Failure(calendar.error());
    const auto zone =
        read_time_zone(host, calendar->zone().empty() ? plan.time_zone : calendar->zone());
    if (!zone) return Failure(zone.error());
    DueTimes times;
    times.due = calendar->last_until(now - plan.grace, *zone);
    times.long_due = times.due;
    for (int i = 1; i < missed_for_long && times.long_due; ++i) {
        times.long_due = calendar->last_until(*times.long_due - 1, *zone);
        if (i == 1) times.before = times.long_due;
    }
    if (times.long_due && *times.long_due > now - plan.grace - long_enough)
        times.long_due = calendar->last_until(now - plan.grace - long_enough, *zone);
    return times;
}

Seconds interval_of(const Host& host, const Backup& backup, Timestamp now) {
    if (backup.plan.schedule.empty()) return backup.max_age;
    const auto times = due_times(host, backup.plan, now);
    if (!times || !times->due || !times->before) return backup.max_age;
    return *times->due - *times->before + backup.plan.grace;
}

void observe_limits(const Host& host, Sink& sink, const Backup& backup, Timestamp now) {
    if (backup.plan.schedule.empty()) {
        sink.observe(metric::backup_max_age_seconds, backup.name, backup.max_age, now);
        return;
    }
    const auto times = due_times(host, backup.plan, now);
    if (!times) return sink.problem(backup.name, times.error());
    if (times->due)
        sink.observe(metric::backup_due_timestamp_seconds, backup.name, *times->due, now);
    if (times->long_due)
        sink.observe(metric::backup_long_due_timestamp_seconds, backup.name, *times->long_due, now);
}

namespace {

void observe_proof(const Host& host, Sink& sink, const Backup& backup, const std::string& stamp,
                   const Metric& metric, Timestamp now) {
    if (stamp.empty()) return;
    const auto status = host.status(stamp);
    if (status)
        sink.observe(metric, backup.name, std::min(status->modified, now), now);
    else if (status.error().kind != ErrorKind::absent)  // the first test makes it
        sink.problem(backup.name, status.error());
}

}  // namespace

void observe_agreements(const Host& host, Sink& sink, const Backup& backup, Timestamp now) {
    const BackupPlan& plan = backup.plan;
    if (plan.paused_until != 0)
        sink.observe(metric::backup_paused_until_timestamp_seconds, backup.name, plan.paused_until,
                     now);
    if (plan.verified_within)
        sink.observe(metric::backup_verified_within_seconds, backup.name, *plan.verified_within,
                     now);
    if (plan.restored_within)
        sink.observe(metric::backup_restored_within_seconds, backup.name, *plan.restored_within,
                     now);
    observe_proof(host, sink, backup, plan.verified_stamp,
                  metric::backup_verified_timestamp_seconds, now);
    observe_proof(host, sink, backup, plan.restored_stamp,
                  metric::backup_restored_timestamp_seconds, now);
}

}  // namespace lastgood
