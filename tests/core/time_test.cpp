#include "core/time.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("durations name their unit") {
    CHECK(parse_duration("26h").value() == 26 * 3600);
    CHECK(parse_duration("1h 30min").value() == 5400);
    CHECK(parse_duration("90s").value() == 90);
    CHECK(parse_duration("2w").value() == 14 * 86400);
    CHECK(parse_duration("1.5d").value() == 129600);
    for (const char* wrong : {"", "26", "h", "-3h", "3 parsecs", "1h x", "nan s", "inf s"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_duration(wrong).has_value());
    }
}

TEST_CASE("sizes") {
    CHECK(parse_size("1GiB").value() == 1073741824);
    CHECK(parse_size("500 MB").value() == 500e6);
    CHECK(parse_size("4096").value() == 4096);
    for (const char* wrong : {"", "big", "-1", "1 GiBs", "1 2"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_size(wrong).has_value());
    }
    CHECK(format_size(0) == "0 B");
    CHECK(format_size(1536) == "1.5 KiB");
    CHECK(format_size(4e12) == "3.6 TiB");
}

TEST_CASE("durations for people") {
    CHECK(format_duration(0.2) == "200 ms");
    CHECK(format_duration(59) == "59 s");
    CHECK(format_duration(65) == "1 min 5 s");
    CHECK(format_duration(36300) == "10 h 5 min");
    CHECK(format_duration(912 * 86400.0) == "912 days");
    CHECK(format_duration(-120) == "-2 min");
}

TEST_CASE("times are UTC") {
    CHECK(format_time(1700000000) == "2023-11-14 22:13:20 UTC");
    CHECK(from_civil_utc(2023, 11, 14, 22, 13, 20) == 1700000000);
    CHECK(format_time(1e300) == "unknown");
}
