// Streams of one backup that are late together.
#pragma once

#include "collectors/backups/known.hpp"
#include "collectors/collector.hpp"

namespace lastgood {

// For each backup with streams: how many of them are late, how many for long, and which is the
// oldest. Where these are several, for each of them: that the whole tells it. A stream that has
// another finding for it does not count (a copy whose original is late or that is behind it, one
// whose newest copy is not whole or whose copies are gone), nor one that cannot be read. Pure.
void derive_late_streams(const KnownBackups& backups, Timestamp now, Sink& sink);

}  // namespace lastgood
