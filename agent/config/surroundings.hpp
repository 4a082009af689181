// Whether what a configuration relies on is there.
#pragma once

#include "agent/config/reading.hpp"
#include "core/host.hpp"

namespace lastgood {

// Adds a warning for each path of `reading.uses` that is not there or cannot be used, and a mistake
// for an unknown user. A path may appear later, as a disk that is not mounted yet; so the agent
// starts without it. Blocks as long as these filesystems and the name service (nsswitch.conf(5)).
void look_around(const Host& host, ConfigReading& reading);

}  // namespace lastgood
