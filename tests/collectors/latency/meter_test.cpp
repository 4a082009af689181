#include "collectors/latency/meter.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("histogram: quantiles within 10 %") {
    LatencyHistogram histogram;
    CHECK_FALSE(histogram.quantile(0.5));
    histogram.add(0.001, 90);
    histogram.add(0.1, 9);
    histogram.add(7, 1);
    CHECK(*histogram.quantile(0.5) == doctest::Approx(0.001).epsilon(0.1));
    CHECK(*histogram.quantile(0.95) == doctest::Approx(0.1).epsilon(0.1));
    CHECK(*histogram.quantile(1) == doctest::Approx(7).epsilon(0.1));
    histogram.add(1e9, 1e6);  // beyond the last bucket
    CHECK(*histogram.quantile(0.5) > 500);
    histogram.add(0, 1e8);  // below the first
    CHECK(*histogram.quantile(0.5) < 2e-6);
}

TEST_CASE("a wait lasts while requests wait and none ends") {
    WaitClock clock;
    CHECK(clock.update(0, 100, 0) == 0);
    CHECK(clock.update(2, 100, 5) == 0);  // they may be new
    CHECK(clock.update(2, 100, 10) == 5);
    CHECK(clock.update(3, 100, 15) == 10);
    CHECK(clock.update(3, 101, 20) == 0);
    CHECK(clock.update(1, 101, 25) == 5);
    CHECK(clock.update(0, 104, 30) == 0);
}

TEST_CASE("meter: latencies of the last window are forgotten after two") {
    DriveMeter meter;
    CHECK_FALSE(meter.busy_ratio());
    DiskWork work;
    work.of(Operation::write) = {10, 80, 0.1};
    work.busy = 2.5;
    work.queue = 5;
    meter.add(work, 5, 1000);
    CHECK(*meter.busy_ratio() == 0.5);
    CHECK(*meter.queue() == 1);
    CHECK(*meter.latency(Operation::write).quantile(0.5) == doctest::Approx(0.01).epsilon(0.1));
    CHECK_FALSE(meter.latency(Operation::read).quantile(0.5));
    meter.add(DiskWork{}, 5, 1400);
    CHECK(meter.latency(Operation::write).quantile(0.5));
    meter.add(DiskWork{}, 5, 1800);
    CHECK_FALSE(meter.latency(Operation::write).quantile(0.5));
}
