#include "core/clock.hpp"

#include <doctest/doctest.h>

#include "core/host.hpp"

using namespace lastgood;

TEST_CASE("the clocks advance, and Host uses the same clocks") {
    const Host host;
    const Timestamp wall = wall_clock();
    const Seconds monotonic = monotonic_clock(), boot = boot_clock();
    CHECK(wall > 1.6e9);
    CHECK(monotonic > 0);
    CHECK(boot >= monotonic);  // includes time asleep
    CHECK(monotonic_clock() >= monotonic);
    CHECK(host.now() >= wall);
    CHECK(host.monotonic() >= boot);
    CHECK(host.monotonic() - boot < 60);
    CHECK(to_seconds({2, 500'000'000}) == 2.5);
}
