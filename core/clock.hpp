// The clocks of this machine. Code that a recorded host or a test must control asks its Host for
// the time instead (core/host.hpp). No function blocks or fails.
#pragma once

#include <ctime>

#include "core/time.hpp"

namespace lastgood {

Timestamp wall_clock();  // CLOCK_REALTIME; an administrator or NTP may set it
// CLOCK_MONOTONIC, for deadlines: is never set, stops while the machine sleeps. The kernel's log
// uses it.
Seconds monotonic_clock();
Seconds boot_clock();  // CLOCK_BOOTTIME: as above, but goes on while the machine sleeps

double to_seconds(const timespec& time);

}  // namespace lastgood
