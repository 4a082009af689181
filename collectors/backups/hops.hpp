// Backups whose copies are copies of another backup's: how far they are behind it.
#pragma once

#include "collectors/backups/known.hpp"
#include "collectors/collector.hpp"

namespace lastgood {

// For each backup, and each of its streams, whose backup_copy_of names another one:
//   - its newest content, if only the time is known at which it arrived: no newer than the
//     original's;
//   - its lag, by the proven times of both;
//   - whether it is old only because its original is;
//   - how many streams of the original it lacks.
// Nothing of what is not known; the newest content is noted in `backups`, too. Pure.
void derive_hops(KnownBackups& backups, Timestamp now, Sink& sink);

}  // namespace lastgood
