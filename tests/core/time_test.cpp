#include "core/time.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace lastgood;

TEST_CASE("parse_duration requires a unit") {
    CHECK(parse_duration("26h").value() == 26 * 3600);
    CHECK(parse_duration("1h 30min").value() == 5400);
    CHECK(parse_duration("90s").value() == 90);
    CHECK(parse_duration("2w").value() == 14 * 86400);
    CHECK(parse_duration("1.5d").value() == 129600);
    CHECK(parse_duration("1ms").value() == 0.001);
    CHECK(parse_duration("1m").value() == 60);
    CHECK(parse_duration("1M").value() == 30.44 * 86400);
    CHECK(parse_duration("1y").value() == 365.25 * 86400);
    for (const char* wrong : {"", "26", "h", "-3h", "3 parsecs", "1h x", "nan s", "inf s"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_duration(wrong).has_value());
    }
}

TEST_CASE("sizes are parsed and formatted") {
    CHECK(parse_size("1GiB").value() == 1073741824);
    CHECK(parse_size("500 MB").value() == 500e6);
    CHECK(parse_size("4096").value() == 4096);
    for (const char* wrong : {"", "big", "-1", "1 GiBs", "1 2"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_size(wrong).has_value());
    }
    CHECK(format_size(0) == "0 B");
    CHECK(format_size(1023) == "1023 B");
    CHECK(format_size(1024) == "1.0 KiB");
    CHECK(format_size(1536) == "1.5 KiB");
    CHECK(format_size(4e12) == "3.6 TiB");
    CHECK(format_size(std::pow(2, 60)) == "1024.0 PiB");  // there is no larger unit
}

TEST_CASE("format_duration uses at most two units") {
    CHECK(format_duration(0.2) == "200 ms");
    CHECK(format_duration(59) == "59 s");
    CHECK(format_duration(65) == "1 min 5 s");
    CHECK(format_duration(60) == "1 min");
    CHECK(format_duration(3600) == "1 h");
    CHECK(format_duration(36300) == "10 h 5 min");
    CHECK(format_duration(47.5 * 3600) == "47 h 30 min");
    CHECK(format_duration(48.5 * 3600) == "2 days");
    CHECK(format_duration(13 * 86400.0 + 7200) == "13 days 2 h");
    CHECK(format_duration(14 * 86400.0 + 7200) == "14 days");
    CHECK(format_duration(912 * 86400.0) == "912 days");
    CHECK(format_duration(-120) == "-2 min");
}

TEST_CASE("format_time prints UTC") {
    CHECK(format_time(1700000000) == "2023-11-14 22:13:20 UTC");
    CHECK(from_civil_utc(2023, 11, 14, 22, 13, 20) == 1700000000);
    CHECK(format_time(1e300) == "unknown");
}

TEST_CASE("a civil time knows its calendar") {
    CHECK(CivilTime{2024, 2, 29}.has_valid_date());
    CHECK_FALSE(CivilTime{2023, 2, 29}.has_valid_date());
    CHECK_FALSE(CivilTime{2024, 4, 31}.has_valid_date());
    CHECK_FALSE(CivilTime{2024, 13, 1}.has_valid_date());
    CHECK_FALSE(CivilTime{2024, 0, 1}.has_valid_date());
    CHECK_FALSE(CivilTime{2024, 1, -1}.has_valid_date());
    CHECK(CivilTime{2024, 1, 1, 23, 59, 60}.has_valid_time());
    CHECK_FALSE(CivilTime{2024, 1, 1, 24, 0, 0}.has_valid_time());
    CHECK(from_civil_utc(CivilTime{1970, 1, 2, 0, 0, 1, 0.5}) == 86401.5);
}
