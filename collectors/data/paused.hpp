// Data of which no new copies are made, because all its backups are paused.
#pragma once

#include "collectors/collector.hpp"

namespace lastgood {

// Pure. A backup that is late or broken is told by itself, not here.
void derive_paused(const Knowledge& knowledge, Sink& sink);

}  // namespace lastgood
