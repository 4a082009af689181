#include "core/clock.hpp"

#include <doctest/doctest.h>

#include "core/host.hpp"

using namespace lastgood;

TEST_CASE("the machine's clocks go on, and the host's are the same") {
    const Host host;
    const Timestamp wall = wall_clock();
    const Seconds monotonic = monotonic_clock(), boot = boot_clock();
    CHECK(wall > 1.6e9);
    CHECK(monotonic > 0);
    CHECK(boot >= monotonic);  // also counts while the machine sleeps
    CHECK(monotonic_clock() >= monotonic);
    CHECK(host.now() >= wall);
    CHECK(host.monotonic() >= boot);
    CHECK(host.monotonic() - boot < 60);
    CHECK(to_seconds({2, 500'000'000}) == 2.5);
}
