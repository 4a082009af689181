#include "collectors/kernel_log/parse/log_time.hpp"

#include <doctest/doctest.h>

#include "collectors/kernel_log/parse/line.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1700000000;  // 2023-11-14 22:13:20 UTC

}  // namespace

TEST_CASE("times of every known form") {
    const test::TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK_FALSE(time_of(parse_kernel_log_line("[ 8123.25] x").civil_time, now));
    const double morning = 1699952401;  // 2023-11-14 09:00:01 UTC
    CHECK(*time_of(parse_kernel_log_line("Nov 14 10:00:01 box kernel: x").civil_time, now) ==
          morning);
    CHECK(*time_of(parse_kernel_log_line("[Tue Nov 14 10:00:01 2023] x").civil_time, now) ==
          morning);
    CHECK(*time_of(parse_kernel_log_line("2023-11-14T10:00:01+0100 box kernel: x").civil_time,
                   now) == morning);
    CHECK(*time_of(parse_kernel_log_line("2023-11-14T09:00:01Z box kernel: x").civil_time, now) ==
          morning);
    CHECK(*time_of(parse_kernel_log_line("2023-11-14T03:30:01-05:30 box kernel: x").civil_time,
                   now) == morning);
    CHECK(*time_of(parse_kernel_log_line("2023-11-14T10:00:01,500000+01:00 x").civil_time, now) ==
          doctest::Approx(morning + 0.5));
    CHECK(*time_of(parse_kernel_log_line("Tue 2023-11-14 10:00:01 CET box kernel: x").civil_time,
                   now) == morning);
    CHECK(*time_of(parse_kernel_log_line("1699952401.0 box kernel: x").civil_time, now) == morning);
    // Without a year: the last such date; December is in the year before.
    CHECK(*time_of(parse_kernel_log_line("Dec 31 10:00:01 box kernel: x").civil_time, now) ==
          1672477201);
    CHECK(*time_of(parse_kernel_log_line("Nov 15 10:00:01 box kernel: x").civil_time, now) ==
          morning + 86400);  // within a day
    CHECK_FALSE(time_of(parse_kernel_log_line("Nov 99 10:00:01 box kernel: x").civil_time, now));
    // The last 29th of February: 2020.
    CHECK(*time_of(parse_kernel_log_line("Feb 29 10:00:01 box kernel: x").civil_time, now) ==
          1582966801);
    CHECK_FALSE(time_of("Feb 30 10:00:01", now));
}
