// Backups that missed the same night.
#pragma once

#include "collectors/backups/known.hpp"
#include "collectors/collector.hpp"

namespace lastgood {

// How many backups with a schedule have no copy of one night, of the night that misses most; of
// equal ones the last. A backup with streams counts once, however many of them it misses. Those
// that are paused, that copy another backup, that cannot be read, or that never had a proven copy
// do not count. Pure.
void derive_missed_nights(const KnownBackups& backups, Timestamp now, Sink& sink);

}  // namespace lastgood
