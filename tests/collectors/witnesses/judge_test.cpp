#include "collectors/witnesses/judge.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

namespace {

constexpr Timestamp start = 1'790'000'000;
constexpr Seconds hour = 3600, day = 86400;

// Judges and notes it, as the collector does.
Course see(WitnessPast& past, const Sighting& sighting, RolledBack& found) {
    const Course course = past.judge(sighting, found);
    past.note(sighting, course);
    return course;
}
Course see(WitnessPast& past, const Sighting& sighting) {
    RolledBack found;
    return see(past, sighting, found);
}

}  // namespace

TEST_CASE("witnesses: a counter that grows or rests went on") {
    WitnessPast past;
    CHECK(see(past, {start, 100, 100}) == Course::first);
    CHECK(see(past, {start + hour, 100, 100}) == Course::went_on);
    CHECK(see(past, {start + 2 * hour, 250, 100}) == Course::went_on);
}

TEST_CASE("witnesses: what a crash may lose is uncertain; what it may not went back") {
    WitnessPast past;
    see(past, {start, 100, 100});
    see(past, {start + hour, 300, 200});
    WitnessPast crashed = past;
    CHECK(see(crashed, {start + 2 * hour, 200, 200}) == Course::uncertain);
    RolledBack found;
    CHECK(see(past, {start + 2 * hour, 199, 199}, found) == Course::went_back);
    CHECK(found == RolledBack{start + 2 * hour, start + hour, start, start});
    // It is told once; the older state is what counts from then on.
    CHECK(see(past, {start + 3 * hour, 199, 199}) == Course::went_on);
    CHECK(see(past, {start + 4 * hour, 90, 90}, found) == Course::went_back);
    CHECK(found.to == 0);
    CHECK(found.oldest == start);
}

TEST_CASE("witnesses: an unmounted filesystem has all of its count on the disk") {
    WitnessPast past;
    see(past, {start, 300, 200});
    WitnessPast settled = past;
    settled.settle();
    RolledBack found;
    CHECK(past.judge({start + hour, 250, 250}, found) == Course::uncertain);
    CHECK(settled.judge({start + hour, 250, 250}, found) == Course::went_back);
}

TEST_CASE("witnesses: of 40 days, hours and days are kept; both times are told") {
    WitnessPast past;
    double count = 0;
    Timestamp now = start;
    while (now < start + 40 * day) {
        see(past, {now, count++, count});
        now += 600;
    }
    CHECK(past.sightings().size() <= 90);
    RolledBack found;
    // The state of seven days ago.
    CHECK(past.judge({now, count - 7 * 144, count}, found) == Course::went_back);
    CHECK(found.from == now - 600);
    CHECK(found.to <= now - 7 * day);
    CHECK(found.to > now - 8 * day - hour);
    // That of ten hours ago.
    CHECK(past.judge({now, count - 60, count}, found) == Course::went_back);
    CHECK(found.to > now - 11 * hour - 600);
    CHECK(found.to <= now - 10 * hour);
}

TEST_CASE("witnesses: a clock that was set back neither makes nor hides an old copy") {
    WitnessPast past;
    see(past, {start, 100, 100});
    see(past, {start + day, 200, 200});
    CHECK(see(past, {start - 400 * day, 210, 200}) == Course::went_on);
    RolledBack found;
    CHECK(past.judge({start - 300 * day, 150, 150}, found) == Course::went_back);
    CHECK(found.from == start - 400 * day);
}

TEST_CASE("witnesses: only what could have been noted is loaded") {
    WitnessPast past;
    past.load({{0, 1, 1}, {10, 5, 5}, {9, 6, 6}, {11, 4, 4}, {12, 1e300, 1}, {13, 7, 7}}, 12);
    CHECK(past.sightings() == std::vector<Sighting>{{10, 5, 5}, {12, 7, 7}});
}
