#include "collectors/filesystems/fill_forecast.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lastgood;

TEST_CASE("forecast of a full filesystem") {
    constexpr double GB = 1e9;
    constexpr Seconds window = 6 * 3600;
    SUBCASE("steadily") {
        FillForecast forecast;
        for (int minute = 0; minute <= 60; ++minute) {
            forecast.add(minute * 60, 10 * GB + minute * 0.1 * GB, 100 * GB, window);
            if (minute < 30) CHECK_FALSE(forecast.full_at(minute * 60, 50 * GB));
        }
        const auto full = forecast.full_at(3600, 12 * GB);
        REQUIRE(full);
        CHECK(*full == doctest::Approx(3600 + 120 * 60));
        CHECK_FALSE(forecast.full_at(3600, 1e6 * GB));  // more than a year ahead
    }
    SUBCASE("with noise") {
        FillForecast forecast;
        for (int minute = 0; minute <= 360; ++minute)
            forecast.add(minute * 60, minute * GB + (minute % 3) * 0.4 * GB, 1000 * GB, window);
        const auto full = forecast.full_at(360 * 60, 100 * GB);
        REQUIRE(full);
        CHECK(*full == doctest::Approx(360 * 60 + 100 * 60).epsilon(0.05));
    }
    SUBCASE("not when it stays, empties, or was written once") {
        FillForecast stays, empties, once, sawtooth;
        for (int minute = 0; minute <= 360; ++minute) {
            stays.add(minute * 60, 50 * GB, 100 * GB, window);
            empties.add(minute * 60, 90 * GB - minute * 0.1 * GB, 100 * GB, window);
            once.add(minute * 60, minute > 180 ? 60 * GB : 10 * GB, 100 * GB, window);
            sawtooth.add(minute * 60, 10 * GB + minute % 45 * GB, 100 * GB, window);
        }
        for (const FillForecast* one : {&stays, &empties, &once, &sawtooth})
            CHECK_FALSE(one->full_at(360 * 60, 40 * GB));
    }
    SUBCASE("a runaway of the last hour is not hidden by the quiet hours before") {
        FillForecast forecast;
        for (int minute = 0; minute <= 360; ++minute)
            forecast.add(minute * 60, 10 * GB + std::max(0, minute - 300) * GB, 100 * GB, window);
        const auto full = forecast.full_at(360 * 60, 30 * GB);
        REQUIRE(full);
        CHECK(*full == doctest::Approx(360 * 60 + 30 * 60).epsilon(0.01));
        CHECK_FALSE(forecast.full_at(360 * 60, 10000 * GB));  // too far ahead for half an hour
    }
    SUBCASE("a new size or a clock set back begin anew") {
        FillForecast forecast;
        for (int minute = 0; minute <= 60; ++minute)
            forecast.add(minute * 60, minute * GB, 100 * GB, window);
        REQUIRE(forecast.full_at(3600, 10 * GB));
        FillForecast set_back = forecast;
        forecast.add(3660, 61 * GB, 200 * GB, window);
        CHECK_FALSE(forecast.full_at(3660, 10 * GB));
        set_back.add(1800, 61 * GB, 100 * GB, window);
        CHECK_FALSE(set_back.full_at(1800, 10 * GB));
    }
    SUBCASE("not from a few samples, however long they took") {
        FillForecast few, enough;
        for (int i = 0; i < 9; ++i) few.add(i * 300, i * GB, 100 * GB, window);
        CHECK_FALSE(few.full_at(9 * 300, 10 * GB));
        for (int i = 0; i < 10; ++i) enough.add(i * 300, i * GB, 100 * GB, window);
        CHECK(enough.full_at(9 * 300, 10 * GB));
    }
    SUBCASE("what is older than the window says nothing") {
        FillForecast forecast;
        for (int minute = 0; minute <= 660; ++minute)
            forecast.add(minute * 60, 10 * GB + std::max(0, minute - 600) * 0.1 * GB, 100 * GB,
                         3600);
        const auto full = forecast.full_at(660 * 60, 60 * GB);
        REQUIRE(full);
        CHECK(*full == doctest::Approx(660 * 60 + 600 * 60).epsilon(0.01));
    }
}
