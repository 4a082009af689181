// How far copies of copies are behind.
#include "collectors/backups/hops.hpp"

#include <doctest/doctest.h>

#include "core/metrics/backups.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'790'000'000;
constexpr Seconds day = 86400;

class World {
  public:
    World& backup(const std::string& name, const std::string& copy_of = "") {
        name_ = name;
        if (!copy_of.empty())
            world_.push_back({&metric::backup_copy_of, name, {{"original", copy_of}}, 1, now});
        set(metric::backup_readable, 1);
        set(metric::backup_max_age_seconds, 1.5 * day);
        if (!copy_of.empty()) set(metric::backup_max_lag_seconds, day);
        return *this;
    }
    World& set(const Metric& metric, double value) {
        world_.push_back({&metric, name_, {}, value, now});
        return *this;
    }
    World& newest(Seconds age, const char* confidence = "exact") {
        return labelled(metric::backup_newest_timestamp_seconds, age, confidence);
    }
    World& arrived(Seconds age) {
        return labelled(metric::backup_arrived_timestamp_seconds, age, "inferred");
    }
    // nullopt: it is not told.
    std::optional<double> derived(const std::string& subject, const Metric& metric) const {
        MemorySink sink;
        KnownBackups backups;
        note_backups(world_, backups);
        derive_hops(backups, now, sink);
        for (const Observation& one : sink.observations)
            if (one.subject == subject && one.metric == &metric) return one.value;
        return std::nullopt;
    }
    std::optional<double> lag(const std::string& subject) const {
        return derived(subject, metric::backup_lag_seconds);
    }
    std::optional<double> original_late(const std::string& subject) const {
        return derived(subject, metric::backup_original_late);
    }

  private:
    World& labelled(const Metric& metric, Seconds age, const char* confidence) {
        world_.push_back({&metric, name_, {{"confidence", confidence}}, now - age, now});
        return *this;
    }
    std::vector<Observation> world_;
    std::string name_;
};

}  // namespace

TEST_CASE("the lag is that of the content") {
    World world;
    world.backup("db").newest(100).backup("nas", "db").newest(3 * day);
    CHECK(world.lag("nas") == 3 * day - 100);
    CHECK(world.original_late("nas") == 0);
    CHECK_FALSE(world.lag("db").has_value());
}

TEST_CASE("an original that is late is to blame while its copy is not behind it") {
    World world;
    world.backup("db").newest(5 * day).backup("nas", "db").newest(5 * day);
    world.backup("off-site", "nas").newest(7 * day);
    CHECK(world.lag("nas") == 0);
    CHECK(world.original_late("nas") == 1);
    CHECK(world.lag("off-site") == 2 * day);
    CHECK(world.original_late("off-site") == 0);
}

TEST_CASE("what shows only when it arrived is no newer than its original") {
    World world;
    world.backup("db").newest(5 * day);
    world.backup("nas", "db").arrived(60);
    world.backup("late", "db").arrived(6 * day);
    world.backup("chain", "nas").arrived(30);
    CHECK(world.derived("nas", metric::backup_newest_timestamp_seconds) == now - 5 * day);
    CHECK(world.lag("nas") == 0);
    CHECK(world.original_late("nas") == 1);
    CHECK(world.derived("late", metric::backup_newest_timestamp_seconds) == now - 6 * day);
    CHECK(world.lag("late") == day);
    CHECK(world.derived("chain", metric::backup_newest_timestamp_seconds) == now - 5 * day);
}

TEST_CASE("a copy whose original lost its newest content keeps its own time") {
    World world;
    world.backup("db").newest(5 * day).backup("nas", "db").newest(day);
    CHECK(world.lag("nas") == 0);
    CHECK_FALSE(world.derived("nas", metric::backup_newest_timestamp_seconds).has_value());
}

TEST_CASE("nothing is told of what is not known") {
    World world;
    world.backup("db").newest(100, "activity").backup("nas", "db").newest(day);
    world.backup("lost", "gone").newest(day);
    world.backup("stamped", "gone").arrived(60);
    world.backup("a", "b").arrived(60).backup("b", "a").arrived(60);  // the inbox may say so
    CHECK_FALSE(world.lag("nas").has_value());
    CHECK_FALSE(world.lag("lost").has_value());
    CHECK_FALSE(world.derived("stamped", metric::backup_newest_timestamp_seconds).has_value());
    CHECK_FALSE(world.lag("a").has_value());
}

TEST_CASE("an original that cannot be read is not called late") {
    World world;
    world.backup("db").newest(5 * day).set(metric::backup_readable, 0);
    world.backup("nas", "db").newest(5 * day);
    CHECK(world.lag("nas") == 0);
    // The last value of the metric counts: it was read before.
    CHECK(world.original_late("nas") == 0);
}

TEST_CASE("a whole without streams is behind the newest stream of its original") {
    World world;
    world.backup("vm").newest(8 * day).set(metric::backup_streams, 2);
    world.backup("vm/1").newest(8 * day).backup("vm/2").newest(100);
    world.backup("stamp", "vm").arrived(60);
    world.backup("late", "vm").arrived(3 * day);
    world.backup("files", "vm").newest(2 * day);
    CHECK(world.lag("stamp") == 0);
    CHECK(world.lag("late") == 3 * day - 100);
    CHECK(world.lag("files") == 2 * day - 100);
}

TEST_CASE("streams are compared with the stream of the same name") {
    World world;
    world.backup("vm").newest(3 * day).set(metric::backup_streams, 3);
    world.backup("vm/1").newest(3 * day).set(metric::backup_oldest_timestamp_seconds,
                                             now - 9 * day);
    world.backup("vm/2").newest(100).set(metric::backup_oldest_timestamp_seconds, now - 9 * day);
    world.backup("vm/3").newest(100).set(metric::backup_oldest_timestamp_seconds, now - 100);
    world.backup("nas", "vm").newest(3 * day).set(metric::backup_streams, 1);
    world.backup("nas/1", "vm").newest(3 * day);
    CHECK(world.lag("nas/1") == 0);
    CHECK(world.original_late("nas/1") == 1);
    CHECK(world.derived("nas", metric::backup_missing_streams) == 1);  // 3 is too new
}

TEST_CASE("of a hop that cannot be read no stream is missing") {
    World world;
    world.backup("vm").newest(100).set(metric::backup_streams, 1);
    world.backup("vm/1").newest(100).set(metric::backup_oldest_timestamp_seconds, now - 9 * day);
    world.backup("nas", "vm").newest(100).set(metric::backup_streams, 1);
    CHECK(world.derived("nas", metric::backup_missing_streams) == 1);
    world.set(metric::backup_readable, 0);
    CHECK_FALSE(world.derived("nas", metric::backup_missing_streams));
}

TEST_CASE("an original is late by its schedule, too, but for the clocks of two hosts") {
    for (const auto& [late, expected] : {std::pair(300, 0), {301, 1}}) {
        World world;
        world.backup("db").newest(day).set(metric::backup_due_timestamp_seconds, now - day + late);
        world.backup("nas", "db").newest(day);
        CHECK(world.original_late("nas") == expected);
    }
}
