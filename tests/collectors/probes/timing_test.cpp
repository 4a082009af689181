#include "collectors/probes/timing.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("what is usual is learned from what is not slow") {
    UsualTime usual;
    CHECK(!usual.quantile(0.5));
    for (int i = 0; i < 100; ++i) usual.add(0.004, false);
    for (int i = 0; i < 100; ++i) usual.add(7, true);
    const auto half = usual.quantile(0.5);
    REQUIRE(half);
    CHECK(*half > 0.003);
    CHECK(*half < 0.0065);
    CHECK(*usual.quantile(1) < 0.0065);
    CHECK(usual.count_up_to(UsualTime::buckets - 1) == 200);
    CHECK(usual.count_up_to(6) == 100);  // up to 6.4 ms
    CHECK(usual.sum() == doctest::Approx(700.4));
}

TEST_CASE("the usual time follows a change that is not slow") {
    UsualTime usual;
    for (int i = 0; i < 100'000; ++i) usual.add(0.001, false);
    for (int i = 0; i < 40'000; ++i) usual.add(0.1, false);
    CHECK(*usual.quantile(0.5) > 0.05);
}

TEST_CASE("very long and very short times have a bucket") {
    UsualTime usual;
    for (int i = 0; i < 50; ++i) usual.add(i % 2 == 0 ? 0 : 1e9, false);
    CHECK(usual.quantile(0).value() >= 0);
    CHECK(usual.quantile(1).value() > 100);
    CHECK(usual.count_up_to(0) == 25);
}

TEST_CASE("short times have a unit that suits them") {
    CHECK(format_short_time(0.004) == "4 ms");
    CHECK(format_short_time(7.1) == "7.1 s");
    CHECK(format_short_time(0.00012) == "120 us");
    CHECK(format_short_time(0.0000001) == "0.1 us");
    CHECK(format_short_time(0.25) == "250 ms");
    CHECK(format_short_time(12) == "12 s");
}
