#include "core/calendar.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/zone_of.hpp"

using namespace lastgood;

namespace {

Timestamp at(int year, int month, int day, int hour, int minute = 0, int second = 0) {
    return from_civil_utc(year, month, day, hour, minute, second);
}

// The times after `from`, each as "Sun 2026-03-29 01:00", in UTC.
std::vector<std::string> next_of(const char* text, Timestamp from, int count,
                                 const TimeZone& zone = {}) {
    const auto calendar = Calendar::parse(text);
    if (!calendar) return {calendar.error().message};
    std::vector<std::string> found;
    for (int i = 0; i < count; ++i) {
        const auto next = calendar->next_after(from, zone);
        if (!next) break;
        // The way back comes to the same.
        CHECK(calendar->last_until(*next, zone) == next);
        CHECK(calendar->last_until(*next - 1, zone).value_or(0) <= from);
        from = *next;
        found.push_back(format_time(from).substr(0, 16));
    }
    return found;
}

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("cron expressions come when cron runs them") {
    const Timestamp thursday = at(2026, 11, 26, 12);
    CHECK(next_of("0 3 * * *", thursday, 2) == Times{"2026-11-27 03:00", "2026-11-28 03:00"});
    CHECK(next_of("0 3 * * sun", thursday, 2) == Times{"2026-11-29 03:00", "2026-12-06 03:00"});
    CHECK(next_of("0 3 * * 7", thursday, 1) == Times{"2026-11-29 03:00"});
    CHECK(next_of("0 3 * * 5-7", thursday, 3) ==
          Times{"2026-11-27 03:00", "2026-11-28 03:00", "2026-11-29 03:00"});
    CHECK(next_of("*/20 4,16 * * *", thursday, 4) ==
          Times{"2026-11-26 16:00", "2026-11-26 16:20", "2026-11-26 16:40", "2026-11-27 04:00"});
    CHECK(next_of("5-15/5 0 1 jan,Jul *", thursday, 4) ==
          Times{"2027-01-01 00:05", "2027-01-01 00:10", "2027-01-01 00:15", "2027-07-01 00:05"});
    CHECK(next_of("@weekly", thursday, 2) == Times{"2026-11-29 00:00", "2026-12-06 00:00"});
    CHECK(next_of("@midnight", thursday, 1) == Times{"2026-11-27 00:00"});
    CHECK(next_of(" 0\t3 *  * * ", thursday, 1) == Times{"2026-11-27 03:00"});
    CHECK(next_of("0 0 29 2 *", thursday, 2) == Times{"2028-02-29 00:00", "2032-02-29 00:00"});
}

TEST_CASE("a day of the month and a day of the week mean either, with a star both") {
    const Timestamp from = at(2026, 11, 30, 12);
    CHECK(next_of("0 3 13 * fri", from, 3) ==
          Times{"2026-12-04 03:00", "2026-12-11 03:00", "2026-12-13 03:00"});
    CHECK(next_of("0 3 */2 * fri", from, 2) == Times{"2026-12-11 03:00", "2026-12-25 03:00"});
}

TEST_CASE("OnCalendar expressions come when systemd runs them") {
    const Timestamp thursday = at(2026, 11, 26, 12);
    CHECK(next_of("Sun 03:00", thursday, 2) == Times{"2026-11-29 03:00", "2026-12-06 03:00"});
    CHECK(next_of("Mon..Fri 22:30", thursday, 3) ==
          Times{"2026-11-26 22:30", "2026-11-27 22:30", "2026-11-30 22:30"});
    CHECK(next_of("*-*~01 04:00", thursday, 3) ==
          Times{"2026-11-30 04:00", "2026-12-31 04:00", "2027-01-31 04:00"});
    CHECK(next_of("*-02~03..1", thursday, 1) != Times{});
    CHECK(next_of("Mon *-*~07/1", thursday, 2) == Times{"2026-11-30 00:00", "2026-12-28 00:00"});
    CHECK(next_of("0/6:00", thursday, 3) ==
          Times{"2026-11-26 18:00", "2026-11-27 00:00", "2026-11-27 06:00"});
    CHECK(next_of("daily", thursday, 1) == Times{"2026-11-27 00:00"});
    CHECK(next_of("quarterly", thursday, 2) == Times{"2027-01-01 00:00", "2027-04-01 00:00"});
    CHECK(next_of("2025-01-01", thursday, 1) == Times{});
    CHECK(Calendar::parse("03:00 Europe/Berlin")->zone() == "Europe/Berlin");
    CHECK(Calendar::parse("daily utc")->zone() == "UTC");
    CHECK(Calendar::parse("daily")->zone().empty());
}

TEST_CASE("a slot in the hour that summer time skips") {
    const TimeZone berlin = test::berlin();
    const Timestamp before = at(2026, 3, 28, 12);
    // cron runs it right after the hour that is missing, systemd leaves it out.
    CHECK(next_of("30 2 * * *", before, 2, berlin) ==
          Times{"2026-03-29 01:00", "2026-03-30 00:30"});
    CHECK(next_of("02:30", before, 2, berlin) == Times{"2026-03-30 00:30", "2026-03-31 00:30"});
    CHECK(next_of("*/30 2 * * *", before, 2, berlin) ==
          Times{"2026-03-30 00:00", "2026-03-30 00:30"});
    CHECK(next_of("0 * * * *", at(2026, 3, 29, 0), 2, berlin) ==
          Times{"2026-03-29 01:00", "2026-03-29 02:00"});
}

TEST_CASE("a slot in the hour that comes twice") {
    const TimeZone berlin = test::berlin();
    const Timestamp before = at(2026, 10, 24, 12);
    CHECK(next_of("30 2 * * *", before, 2, berlin) ==
          Times{"2026-10-25 00:30", "2026-10-26 01:30"});
    CHECK(next_of("02:30", before, 2, berlin) == Times{"2026-10-25 00:30", "2026-10-26 01:30"});
    // What follows the clock comes in both hours.
    CHECK(next_of("0 * * * *", at(2026, 10, 24, 23), 4, berlin) ==
          Times{"2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 03:00"});
    CHECK(next_of("*/30 2 * * *", before, 5, berlin) ==
          Times{"2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30",
                "2026-10-26 01:00"});
    CHECK(next_of("*:00", at(2026, 10, 24, 23), 2, berlin) ==
          Times{"2026-10-25 00:00", "2026-10-25 02:00"});
}

TEST_CASE("what never comes is refused, and soon") {
    for (const char* text : {"0 0 30 2 *", "0 0 31 4,6,9,11 *", "*-02-30", "2023-02-29 00:00",
                             "Mon 2026-11-26", "*-04-31 12:00"}) {
        CAPTURE(text);
        const auto calendar = Calendar::parse(text);
        REQUIRE_FALSE(calendar.has_value());
        CHECK(calendar.error().message.find("never comes") != std::string::npos);
    }
    // It never has a first Monday in a skipped hour, but the search ends.
    const auto skipped = Calendar::parse("Sun *-03-25..31 02:30");
    REQUIRE(skipped.has_value());
    CHECK_FALSE(skipped->next_after(at(2026, 1, 1, 0), test::berlin()).has_value());
    CHECK_FALSE(skipped->last_until(at(2026, 1, 1, 0), test::berlin()).value_or(0) > 331e6);
}

TEST_CASE("what is no schedule is refused") {
    for (const char* text : {"",
                             "soon",
                             "@reboot",
                             "@",
                             "* * * *",
                             "60 * * * *",
                             "* 24 * * *",
                             "* * 0 * *",
                             "* * * 13 *",
                             "* * * * 8",
                             "5/15 * * * *",
                             "*/0 * * * *",
                             "5-1 * * * *",
                             "1, * * * *",
                             "-1 * * * *",
                             "* * * * mond ay",
                             "~ * * * *",
                             "fri-mon * * * *",
                             "25:00",
                             "12:60",
                             "*-13-01",
                             "*-*-32",
                             "Foo 03:00",
                             "Fri..Mon 03:00",
                             "03",
                             "*/2:00",
                             "0/0:00",
                             "5..4:00",
                             "*-*~29",
                             "03:00 Berlin time",
                             "@99999999",
                             "2026-11-26 03:00:00.5",
                             "1969-01-01"}) {
        CAPTURE(text);
        CHECK_FALSE(Calendar::parse(text).has_value());
    }
    CHECK_FALSE(Calendar::parse(std::string(10'000, '1')).has_value());
}

TEST_CASE("times beyond the calendar find nothing") {
    const auto daily = Calendar::parse("daily").value();
    for (const double time : {1e300, -1e300, 1e12, double(NAN), double(INFINITY)})
        CHECK_FALSE(daily.next_after(time, {}).has_value());
    CHECK_FALSE(daily.last_until(-1e9, {}).has_value());
    CHECK_FALSE(daily.last_until(double(NAN), {}).has_value());
}

TEST_CASE("the days of the week on which a schedule can come") {
    const auto days = [](const char* text) {
        std::string found;
        for (int day = 0; day < 7; ++day)
            if (Calendar::parse(text)->comes_on(day)) found += std::to_string(day);
        return found;
    };
    CHECK(days("22:00") == "0123456");
    CHECK(days("0 3 * * 1-5") == "12345");
    CHECK(days("Sun *-*-* 03:00") == "0");
    CHECK(days("*-*-01 04:00") == "0123456");
    CHECK(days("*-01-01") == "0123456");
    CHECK(days("2024-02-29") == "4");
}
