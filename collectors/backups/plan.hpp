// What a backup's plan asks of it now, as observations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/host.hpp"
#include "core/observation.hpp"

namespace lastgood {

struct DueTimes {
    std::optional<Timestamp> due;       // newest slot whose grace is over
    std::optional<double> night;        // of `due`, as in backup_due_night
    std::optional<Timestamp> before;    // the slot before that
    std::optional<Timestamp> long_due;  // three slots and at least a day before
};

// Days of the week: bit 0 is Sunday.
using Days = unsigned;
inline constexpr Days every_day = 0x7f;

// The days on which a stream is due: those whose slots name it, each day if there are no slots.
Days days_of(const BackupPlan& plan, const std::string& stream);
// The streams that slots name.
std::vector<std::string> streams_in_slots(const BackupPlan& plan);

// Of the times of the schedule on these days. Reads the file of the time zone. Error: the schedule
// or its zone makes no sense here.
Result<DueTimes> due_times(const Host& host, const BackupPlan& plan, Timestamp now,
                           Days days = every_day);
// "Tue 2026-11-24": the day on which the schedule came, in its time zone.
std::string night_of(const Host& host, const BackupPlan& plan, Timestamp due);
// The same of a day in days since 1970-01-01.
std::string name_of_day(int64_t day);

// Time between two copies, and what a copy may be late: max_age, or that of the schedule.
Seconds interval_of(const Host& host, const Backup& backup, Timestamp now);

// Prints how old the newest copy may be. Of a whole with slots: since when each stream must have a
// copy.
void observe_limits(const Host& host, Sink& sink, const Backup& backup, Timestamp now);
// Of a stream that is due on these days.
void observe_limits(const Host& host, Sink& sink, const Backup& stream, Timestamp now, Days days);

// Prints until when the backup is paused, and when its copies must have been verified and restored.
// Of the backup as a whole, not of its streams.
void observe_agreements(Sink& sink, const Backup& backup, Timestamp now);

}  // namespace lastgood
