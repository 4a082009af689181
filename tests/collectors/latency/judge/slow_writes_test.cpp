#include "collectors/latency/judge/slow_writes.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

namespace {

constexpr WriteTraits disk{.rotating = true};

// Feeds samples each 5 s.
class Samples {
  public:
    SlowWriteWatch watch;
    Seconds now = 100000;

    void add(double writes, Seconds mean, uint64_t waiting, const WriteTraits& traits = disk,
             double sectors_each = 8, Seconds stalled = 0) {
        WriteSample sample;
        sample.work.of(Operation::write) = {writes, writes * sectors_each, writes * mean};
        sample.elapsed = 5;
        sample.writes_waiting = waiting;
        sample.writes_waited = waited_;
        sample.stalled = stalled;
        waited_ = waiting;
        watch.add(sample, traits, now += 5);
    }
    bool found() const { return watch.verdict().has_value(); }

  private:
    uint64_t waited_ = 0;
};

}  // namespace

TEST_CASE("every write takes seven seconds: found, with its latency") {
    Samples samples;
    for (int i = 0; i < 60; ++i) samples.add(200, 0.01, i % 2 == 0 ? 0 : 1);
    CHECK_FALSE(samples.found());
    for (int i = 0; i < 6; ++i) samples.add(i % 2 == 0 ? 0 : 1, 7.1, 1);
    REQUIRE(samples.found());
    CHECK(samples.watch.verdict()->latency == doctest::Approx(7.1));
    CHECK_FALSE(samples.watch.verdict()->tasks_waited);
    for (int i = 0; i < 61; ++i) samples.add(200, 0.01, i % 2 == 0 ? 0 : 1);
    CHECK_FALSE(samples.found());
}

TEST_CASE("one write in four minutes that takes seven seconds: the third one is found") {
    Samples samples;
    samples.add(10, 0.01, 0);
    int minutes = 0;
    for (; minutes < 20 && !samples.found(); ++minutes)
        for (int i = 0; i < 12; ++i)
            samples.add(minutes % 4 == 0 && i == 2 ? 1 : 0, 7, minutes % 4 == 0 && i < 2 ? 1 : 0,
                        WriteTraits{});
    CHECK(samples.found());
    CHECK(minutes <= 9);
}

TEST_CASE("a large copy, a long queue and a spin-up are not slow writes") {
    Samples samples;
    samples.add(10, 0.01, 0);
    for (int i = 0; i < 60; ++i) samples.add(100, 3, 32, disk, 2048);  // 20 MB/s
    CHECK_FALSE(samples.found());
    for (int i = 0; i < 60; ++i) samples.add(400, 2.5, 256);  // 80 writes/s
    CHECK_FALSE(samples.found());
    for (int i = 0; i < 80; ++i) samples.add(0, 0, 0);  // it falls asleep
    for (int i = 0; i < 2; ++i) samples.add(0, 0, 1);   // and spins up
    samples.add(1, 9, 0);
    CHECK_FALSE(samples.found());
}

TEST_CASE("flushes that take seconds, and tasks that wait for them") {
    Samples samples;
    for (int i = 0; i < 4; ++i) {
        WriteSample sample;
        sample.elapsed = 5;
        sample.work.of(Operation::flush) = {2, 0, 6};
        sample.stalled = 4;
        samples.watch.add(sample, WriteTraits{}, samples.now += 5);
    }
    REQUIRE(samples.found());
    CHECK(samples.watch.verdict()->latency == 3);
    CHECK(samples.watch.verdict()->tasks_waited);
}

TEST_CASE("shingled drives and rebuilds need more") {
    Samples shingled, rebuilding;
    for (int i = 0; i < 10; ++i) shingled.add(1, 4, 2, {.rotating = true, .erratic = true});
    CHECK_FALSE(shingled.found());
    for (int i = 0; i < 30; ++i) shingled.add(1, 4, 2, {.rotating = true, .erratic = true});
    CHECK(shingled.found());
    for (int i = 0; i < 5; ++i) rebuilding.add(1, 4, 2, {.rotating = true, .rebuilding = true});
    CHECK_FALSE(rebuilding.found());
    rebuilding.add(1, 4, 2, {.rotating = true, .rebuilding = true});
    CHECK(rebuilding.found());
}
