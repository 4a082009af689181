#include "agent/supervise/sleepers.hpp"

#include <doctest/doctest.h>

#include "core/metrics/drives.hpp"
#include "core/report.hpp"

using namespace lastgood;

namespace {

Observation power(const char* drive, const char* state, Timestamp at) {
    return {&metric::drive_power_state, drive, {{"state", state}}, 1, at};
}
Observation celsius(const char* drive, double value, Timestamp at) {
    return {&metric::drive_temperature_celsius, drive, {}, value, at};
}

}  // namespace

TEST_CASE("a drive that sleeps keeps what it said last, with its age") {
    for (const char* state : {"standby", "sleep"}) {
        std::vector<Observation> now{power("d", state, 200)};
        keep_values_of_sleepers({power("d", "active", 100), celsius("d", 31, 100)}, now);
        CHECK(now == std::vector{power("d", state, 200), celsius("d", 31, 100)});
    }
}

TEST_CASE("a drive that is awake keeps nothing that it does not say again") {
    for (const char* state : {"active", "idle", "a word of a later version", ""}) {
        std::vector<Observation> now{power("d", state, 200)};
        keep_values_of_sleepers({celsius("d", 31, 100)}, now);
        CHECK(now == std::vector{power("d", state, 200)});
    }
}

TEST_CASE("what a sleeping drive says anew counts") {
    std::vector<Observation> now{power("d", "standby", 200), celsius("d", 25, 200)};
    keep_values_of_sleepers({celsius("d", 31, 100)}, now);
    CHECK(now == std::vector{power("d", "standby", 200), celsius("d", 25, 200)});
}

// Behind one RAID controller are many drives, and one collector run tells of all.
TEST_CASE("a drive that sleeps does not keep what others said") {
    std::vector<Observation> now{power("d", "standby", 200)};
    keep_values_of_sleepers({celsius("d", 31, 100), celsius("pulled", 35, 100)}, now);
    CHECK(now == std::vector{power("d", "standby", 200), celsius("d", 31, 100)});
}
