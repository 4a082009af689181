// Measures the processor time of a function, for claims that are ratios within one run.
#pragma once

#include <time.h>

#include <algorithm>

namespace lastgood::test {

// The least of three calls, in seconds; of this thread only, so that a busy machine changes little.
template <class Function>
double processor_time(Function function) {
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
        const double start = now();
        function();
        least = std::min(least, now() - start);
    }
    return least;
}

}  // namespace lastgood::test
