// Two weeks of a filesystem, minute by minute: what is told of them.
#include "collectors/filesystems/usage_past.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "collectors/filesystems/fill_forecast.hpp"
#include "collectors/filesystems/past_memory.hpp"
#include "core/json_value.hpp"

using namespace lastgood;

namespace {

constexpr double GB = 1e9;
constexpr double size = 100 * GB;
constexpr Seconds window = 6 * 3600, hour = 3600, day = 24 * hour;
constexpr Timestamp begin = 1'700'006'400;  // at 0:00 UTC

// Plays a filesystem minute by minute. The first minute of which the rules would tell, after the
// time that they hold; -1: none.
struct Played {
    double within_days = -1, within_day = -1;
    double left = 0;  // as forecast at the end, in seconds; 0: none
};

// `learned`: the days before of which nothing is asked; a first rise cannot be told from others.
Played play(double days, const std::function<double(double)>& used_at_hour, double learned = 0) {
    FillForecast forecast;
    Played played;
    double three = 0, one = 0;  // minutes for which it has been told
    for (int at = 0; at < days * 1440; ++at) {
        const double minute = at;
        const Timestamp now = begin + minute * 60;
        const double used = used_at_hour(minute / 60) * GB;
        forecast.add(now, used, size, window);
        const auto full = forecast.full_at(now, size - used);
        played.left = full ? *full - now : 0;
        if (minute < learned * 1440) continue;
        three = full && *full - now < 3 * day ? three + 1 : 0;
        one = full && *full - now < day ? one + 1 : 0;
        if (three > 120 && played.within_days < 0 && used >= 0.6 * size)
            played.within_days = minute;
        if (one > 60 && played.within_day < 0 && used >= 0.6 * size) played.within_day = minute;
    }
    return played;
}

double of_day(double hours) {
    return std::fmod(hours, 24);
}

}  // namespace

TEST_CASE("logs that grow by day and are rotated by night are no trend") {
    const auto logs = [](double hours) { return 64 + of_day(hours) * 0.8; };  // 19 GB a day
    const Played played = play(14, logs, 1.1);
    CHECK(played.within_days == -1);
    CHECK(played.within_day == -1);
    CHECK(played.left == 0);
}

TEST_CASE("dumps of each night, that replace those of the night before, are no trend") {
    const auto dumps = [](double hours) {
        const double now = of_day(hours);
        return 65 + (now < 2 ? 0 : now < 5 ? (now - 2) * 7 : now < 6 ? 21 : 0) + hours * 0.001;
    };
    const Played played = play(14, dumps, 1);
    CHECK(played.within_days == -1);
    CHECK(played.within_day == -1);
}

TEST_CASE("a disk that fills behind its nightly dumps is told days before") {
    // 1.5 GB a day below dumps of 15 GB: at its peak it is full on day 13.
    const auto filling = [](double hours) {
        const double now = of_day(hours);
        const double dump = now < 2 ? 0 : now < 4 ? (now - 2) * 7.5 : now < 5 ? 15 : 0;
        return 65 + dump + hours / 24 * 1.5;
    };
    const Played played = play(12.5, filling, 1);
    REQUIRE(played.within_days > 0);
    const double told = played.within_days / 1440;
    CHECK(told > 8);
    CHECK(told < 11.5);
    CHECK(played.left < 2 * day);
    CHECK(played.left > 0.2 * day);
}

TEST_CASE("a runaway beside nightly dumps is told within hours") {
    const auto runaway = [](double hours) {
        const double now = of_day(hours);
        const double dump = now < 2 ? 0 : now < 4 ? (now - 2) * 5 : now < 5 ? 10 : 0;
        return 60 + dump + (hours < 180 ? 0 : (hours - 180) * 1.5);
    };
    const Played played = play(8.2, runaway, 1);
    REQUIRE(played.within_day > 0);
    CHECK(played.within_day / 60 - 180 < 9);  // 6.7 h until the usual peak, and the hour's hold
}

TEST_CASE("steady growth is told with its time, with two weeks of it or hours") {
    for (const double days : {0.5, 3.5, 10.0}) {
        const Played played = play(days, [&](double hours) {
            return 90 - 2 * days + hours / 24 * 2;  // 2 GB a day, now 90
        });
        CHECK(played.left == doctest::Approx(5 * day).epsilon(0.1));
    }
}

TEST_CASE("what is kept is bounded, and restored as far as it can be true") {
    UsagePast past;
    for (int quarter = 0; quarter < 4000; ++quarter) past.add(begin + quarter * hour / 4, 1);
    CHECK(past.hours().size() <= 360);
    UsagePast restored;
    restored.restore(past.hours(), begin + 1000 * hour);
    CHECK(restored.hours().size() >= 359);
    restored.restore(past.hours(), begin);  // they are from the future
    CHECK(restored.hours().empty());
    restored.restore({{begin, 5, 4}, {begin, -1, 4}, {begin, 1, 2}, {begin, 1, 2}}, begin + hour);
    CHECK(restored.hours().size() == 1);
    past.add(begin, 1);  // the clock was set back
    CHECK(past.hours().size() == 1);
}

TEST_CASE("what is kept survives a restart; damaged values are left out") {
    PastByPoint known;
    for (int hours = 0; hours < 100; ++hours)
        known["/srv"].past.add(begin + hours * hour, 5e9 + hours * 1e9);
    known["/srv"].size = size;
    const auto read = parse_past(to_json(known), begin + 100 * hour);
    REQUIRE(read.contains("/srv"));
    CHECK(read.at("/srv").size == size);
    CHECK(read.at("/srv").past.hours().size() == 100);
    CHECK(read.at("/srv").past.peak(begin + 100 * hour) == doctest::Approx(104e9).epsilon(0.001));
    for (const char* text :
         {"", "[]", R"({"filesystems": []})", R"({"filesystems": {"/": {"size": "x"}}})",
          R"({"filesystems": {"/": {"size": 5, "hours": {}}}})"})
        CHECK(parse_past(parse_json(text), begin).empty());
    const auto damaged = parse_past(
        parse_json(R"({"filesystems": {"/": {"size": 5, "hours": [1, [1], ["a", 1, 1]]}}})"),
        begin);
    CHECK(damaged.at("/").past.hours().empty());
}
