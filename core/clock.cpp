#include "core/clock.hpp"

namespace lastgood {

namespace {

double read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return to_seconds(time);
}

}  // namespace

Timestamp wall_clock() {
    return read_clock(CLOCK_REALTIME);
}

Seconds monotonic_clock() {
    return read_clock(CLOCK_MONOTONIC);
}

Seconds boot_clock() {
    return read_clock(CLOCK_BOOTTIME);
}

double to_seconds(const timespec& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace lastgood
