#include "collectors/backups/plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "core/calendar.hpp"
#include "core/metrics/backups.hpp"
#include "core/time_zone.hpp"

namespace lastgood {

namespace {

constexpr int missed_for_long = 3;  // slots
constexpr Seconds long_enough = 86400;

Result<TimeZone> zone_of(const Host& host, const BackupPlan& plan, const Calendar& calendar) {
    return read_time_zone(host, calendar.zone().empty() ? plan.time_zone : calendar.zone());
}

// Seconds of the clock there.
int64_t local_time(const TimeZone& zone, Timestamp time) {
    const auto instant = static_cast<int64_t>(std::floor(time));
    return instant + zone.offset_at(instant);
}

int64_t day_number(int64_t local) {
    return (local - (local % 86400 + 86400) % 86400) / 86400;
}

size_t weekday_of_day(int64_t day) {
    constexpr int64_t weekday_of_1970 = 4;  // a Thursday
    return static_cast<size_t>(((day + weekday_of_1970) % 7 + 7) % 7);
}

size_t weekday_of(int64_t local) {
    return weekday_of_day(day_number(local));
}

// A night goes from noon to noon, and has the number of the day that it ends on.
double night_number(const TimeZone& zone, Timestamp due) {
    return static_cast<double>(day_number(local_time(zone, due) + 86400 / 2));
}

// The last time at or before `time` that comes on one of the days.
std::optional<Timestamp> last_on(const Calendar& calendar, const TimeZone& zone, Days days,
                                 Timestamp time) {
    if (days == every_day) return calendar.last_until(time, zone);
    constexpr int most_days = 400;
    for (int i = 0; i < most_days; ++i) {
        const auto found = calendar.last_until(time, zone);
        if (!found) return std::nullopt;
        const int64_t local = local_time(zone, *found);
        if ((days >> weekday_of(local) & 1U) != 0) return found;
        const auto midnight = zone.instants_of(day_number(local) * 86400);
        time = static_cast<Timestamp>(midnight.first.value_or(midnight.after_gap) - 1);
    }
    return std::nullopt;
}

}  // namespace

Days days_of(const BackupPlan& plan, const std::string& stream) {
    if (!plan.has_slots()) return every_day;
    Days days = 0;
    for (size_t day = 0; day < plan.slots.size(); ++day)
        if (std::ranges::find(plan.slots[day], stream) != plan.slots[day].end()) days |= 1U << day;
    return days;
}

std::vector<std::string> streams_in_slots(const BackupPlan& plan) {
    std::set<std::string> streams;
    for (const auto& day : plan.slots) streams.insert(day.begin(), day.end());
    return {streams.begin(), streams.end()};
}

Result<DueTimes> due_times(const Host& host, const BackupPlan& plan, Timestamp now, Days days) {
    const auto calendar = Calendar::parse(plan.schedule);
    if (!calendar) return Failure(calendar.error());
    const auto zone = zone_of(host, plan, *calendar);
    if (!zone) return Failure(zone.error());
    const auto last = [&](Timestamp time) { return last_on(*calendar, *zone, days, time); };
    if (!calendar->next_after(now, *zone))
        return fail(ErrorKind::malformed,
                    fmt::format("its schedule \"{}\" does not come again", plan.schedule));
    DueTimes times;
    times.due = last(now - plan.grace);
    if (times.due) times.night = night_number(*zone, *times.due);
    times.long_due = times.due;
    for (int i = 1; i < missed_for_long && times.long_due; ++i) {
        times.long_due = last(*times.long_due - 1);
        if (i == 1) times.before = times.long_due;
    }
    if (times.long_due && *times.long_due > now - plan.grace - long_enough)
        times.long_due = last(now - plan.grace - long_enough);
    return times;
}

std::string night_of(const Host& host, const BackupPlan& plan, Timestamp due) {
    const auto calendar = Calendar::parse(plan.schedule);
    const auto zone = calendar ? zone_of(host, plan, *calendar) : Result<TimeZone>(TimeZone());
    return name_of_day(day_number(local_time(zone ? *zone : TimeZone(), due)));
}

std::string name_of_day(int64_t day) {
    std::string name(weekday_names[weekday_of_day(day)]);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name + " " + format_time(static_cast<Timestamp>(day) * 86400).substr(0, 10);
}

Seconds interval_of(const Host& host, const Backup& backup, Timestamp now) {
    if (backup.plan.schedule.empty()) return backup.max_age;
    if (backup.plan.has_slots()) return 7 * 86400 + backup.plan.grace;
    const auto times = due_times(host, backup.plan, now);
    if (!times || !times->due || !times->before) return backup.max_age;
    return *times->due - *times->before + backup.plan.grace;
}

void observe_limits(const Host& host, Sink& sink, const Backup& backup, Timestamp now) {
    if (!backup.plan.has_slots()) return observe_limits(host, sink, backup, now, every_day);
    std::set<Days> all_days;
    for (const std::string& stream : streams_in_slots(backup.plan))
        all_days.insert(days_of(backup.plan, stream));
    std::optional<Timestamp> earliest;
    for (const Days days : all_days) {
        const auto times = due_times(host, backup.plan, now, days);
        if (!times) return sink.problem(backup.name, times.error());
        if (times->due) earliest = std::min(earliest.value_or(*times->due), *times->due);
    }
    if (earliest) sink.observe(metric::backup_due_timestamp_seconds, backup.name, *earliest, now);
}

void observe_limits(const Host& host, Sink& sink, const Backup& stream, Timestamp now, Days days) {
    if (stream.plan.schedule.empty()) {
        sink.observe(metric::backup_max_age_seconds, stream.name, stream.max_age, now);
        return;
    }
    const auto times = due_times(host, stream.plan, now, days);
    if (!times) return sink.problem(stream.name, times.error());
    if (times->due) {
        sink.observe(metric::backup_due_timestamp_seconds, stream.name, *times->due, now);
        sink.observe(metric::backup_due_night, stream.name, *times->night, now);
    }
    if (times->long_due)
        sink.observe(metric::backup_long_due_timestamp_seconds, stream.name, *times->long_due, now);
}

void observe_agreements(Sink& sink, const Backup& backup, Timestamp now) {
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
}

}  // namespace lastgood
