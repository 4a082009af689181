// Which copies of each piece of data there are now, and whether any leaves this host.
#pragma once

#include "collectors/collector.hpp"

namespace lastgood {

// Pure. What cannot be told of a backup counts as unknown: neither as a copy nor as none.
void derive_copies(const Knowledge& knowledge, Sink& sink);

}  // namespace lastgood
