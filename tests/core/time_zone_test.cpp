#include "core/time_zone.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <ctime>
#include <filesystem>

#include "tests/support.hpp"
#include "tests/time_zone.hpp"
#include "tests/zone_of.hpp"

using namespace lastgood;

namespace {

int64_t at(int year, int month, int day, int hour, int minute = 0, int second = 0) {
    return static_cast<int64_t>(from_civil_utc(year, month, day, hour, minute, second));
}

// What the C library says of the zone of the environment.
int64_t offset_by_libc(int64_t instant) {
    const auto time = static_cast<time_t>(instant);
    std::tm parts{};
    localtime_r(&time, &parts);
    return parts.tm_gmtoff;
}

}  // namespace

TEST_CASE("the offset of a zone follows its yearly rule") {
    const TimeZone berlin = test::berlin();
    CHECK(berlin.offset_at(at(2026, 1, 1, 0)) == 3600);
    CHECK(berlin.offset_at(at(2026, 7, 1, 0)) == 7200);
    CHECK(berlin.offset_at(at(2026, 3, 29, 0, 59, 59)) == 3600);
    CHECK(berlin.offset_at(at(2026, 3, 29, 1)) == 7200);
    CHECK(berlin.offset_at(at(2026, 10, 25, 0, 59, 59)) == 7200);
    CHECK(berlin.offset_at(at(2026, 10, 25, 1)) == 3600);
    CHECK(TimeZone().offset_at(at(2026, 7, 1, 0)) == 0);
}

TEST_CASE("clocks show a time never, once or twice") {
    const TimeZone berlin = test::berlin();
    const auto usual = berlin.instants_of(at(2026, 5, 1, 12));
    CHECK(usual.first == at(2026, 5, 1, 10));
    CHECK_FALSE(usual.second);
    const auto twice = berlin.instants_of(at(2026, 10, 25, 2, 30));
    CHECK(twice.first == at(2026, 10, 25, 0, 30));
    CHECK(twice.second == at(2026, 10, 25, 1, 30));
    const auto never = berlin.instants_of(at(2026, 3, 29, 2, 30));
    CHECK_FALSE(never.first);
    CHECK(never.after_gap == at(2026, 3, 29, 1));
}

TEST_CASE("rules of every form agree with the C library") {
    for (const char* rule :
         {"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "NZST-12NZDT,M9.5.0,M4.1.0/3",
          "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "IST-1GMT0,M10.5.0,M3.5.0/1",
          "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "EET-2EEST,J60/0,J300/3", "AAA3BBB,59,299/23:30",
          "UTC0", "<+0545>-5:45", "EET-2EEST,M3.4.4/50,M10.4.4/50"}) {
        CAPTURE(rule);
        const TimeZone zone = test::zone_of(rule);
        const test::TimeZone environment(rule);
        for (int64_t instant = at(2023, 1, 1, 0); instant < at(2029, 1, 1, 0); instant += 1800)
            if (zone.offset_at(instant) != offset_by_libc(instant))
                FAIL_CHECK(format_time(static_cast<Timestamp>(instant)));
    }
}

TEST_CASE("zones of the database agree with the C library") {
    if (!std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin"))
        return test::skip("tzdata is not installed");
    for (const char* name :
         {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
          "Europe/Dublin", "Pacific/Apia", "Asia/Tehran", "America/Santiago", "Asia/Kathmandu"}) {
        CAPTURE(name);
        const auto zone = read_time_zone(Host(), name);
        REQUIRE(zone.has_value());
        const test::TimeZone environment(name);
        for (int64_t instant = at(1971, 1, 1, 0); instant < at(2090, 1, 1, 0);
             instant += int64_t{8} * 3600)
            if (zone->offset_at(instant) != offset_by_libc(instant))
                FAIL_CHECK(format_time(static_cast<Timestamp>(instant)));
    }
}

TEST_CASE("what is no zone is refused") {
    CHECK_FALSE(TimeZone::parse("").has_value());
    CHECK_FALSE(TimeZone::parse("TZif2").has_value());
    const std::string whole = test::zone_bytes("UTC0");
    for (size_t length = 0; length + 6 < whole.size(); ++length)
        CHECK_FALSE(TimeZone::parse(whole.substr(0, length)).has_value());
    for (const char* name :
         {"", "../../etc/passwd", "/etc/localtime", "a//b", "a/", "Europe Berlin"})
        CHECK_FALSE(is_zone_name(name));
    CHECK(is_zone_name("America/Argentina/Buenos_Aires"));
    CHECK(is_zone_name("Etc/GMT+3"));
    const auto unknown = read_time_zone(Host(), "Mars/Olympus");
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().kind == ErrorKind::absent);
}
