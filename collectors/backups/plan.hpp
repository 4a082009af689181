// What a backup's plan asks of it now, as observations.
#pragma once

#include <optional>

#include "core/config.hpp"
#include "core/host.hpp"
#include "core/observation.hpp"

namespace lastgood {

struct DueTimes {
    std::optional<Timestamp> due;       // newest slot whose grace is over
    std::optional<Timestamp> before;    // the slot before that
    std::optional<Timestamp> long_due;  // three slots and at least a day before
};

// Reads the file of the time zone. Error: the schedule or its zone makes no sense here.
Result<DueTimes> due_times(const Host& host, const BackupPlan& plan, Timestamp now);

// Time between two copies, and what a copy may be late: max_age, or that of the schedule.
Seconds interval_of(const Host& host, const Backup& backup, Timestamp now);

// Prints how old the newest copy may be.
void observe_limits(const Host& host, Sink& sink, const Backup& backup, Timestamp now);

// Prints until when the backup is paused, when its copies must have been verified and restored, and
// when the stamps say that they were. Of the backup as a whole, not of its streams.
void observe_agreements(const Host& host, Sink& sink, const Backup& backup, Timestamp now);

}  // namespace lastgood
