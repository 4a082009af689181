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

TEST_CASE("a sleeping drive keeps its last values with their age") {
    for (const char* state : {"standby", "sleep"}) {
        std::vector<Observation> now{power("d", state, 200)};
        keep_values_of_sleepers({power("d", "active", 100), celsius("d", 31, 100)}, now);
        CHECK(now == std::vector{power("d", state, 200), celsius("d", 31, 100)});
    }
}

TEST_CASE("a drive that is awake keeps no old values") {
    for (const char* state : {"active", "idle", "a word of a later version", ""}) {
        std::vector<Observation> now{power("d", state, 200)};
        keep_values_of_sleepers({celsius("d", 31, 100)}, now);
        CHECK(now == std::vector{power("d", state, 200)});
    }
}

TEST_CASE("new values of a sleeping drive replace old ones") {
    std::vector<Observation> now{power("d", "standby", 200), celsius("d", 25, 200)};
    keep_values_of_sleepers({celsius("d", 31, 100)}, now);
    CHECK(now == std::vector{power("d", "standby", 200), celsius("d", 25, 200)});
}

// One collector run reports all drives behind a RAID controller.
TEST_CASE("a sleeping drive does not keep values of other drives") {
    std::vector<Observation> now{power("d", "standby", 200)};
    keep_values_of_sleepers({celsius("d", 31, 100), celsius("pulled", 35, 100)}, now);
    CHECK(now == std::vector{power("d", "standby", 200), celsius("d", 31, 100)});
}
