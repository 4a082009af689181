// The clocks of this machine. Whatever a recorded host or a test must be able to set asks its Host
// instead (core/host.hpp). None of these blocks or fails.
#pragma once

#include <ctime>

#include "core/time.hpp"

namespace lastgood {

Timestamp wall_clock();     // CLOCK_REALTIME, which an administrator or NTP may set
Seconds monotonic_clock();  // CLOCK_MONOTONIC, for deadlines: never set, stands still while the
                            // machine sleeps; by it the kernel stamps its log
Seconds boot_clock();       // CLOCK_BOOTTIME: the same, and goes on while the machine sleeps

double to_seconds(const timespec& time);

}  // namespace lastgood
