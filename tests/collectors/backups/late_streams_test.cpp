// Streams of one backup that are late together.
#include "collectors/backups/late_streams.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/backup_streams.hpp"
#include "core/metrics/backups.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'790'000'000;
constexpr Seconds day = 86400;

class World {
  public:
    World& whole(double streams) { return set("guests", metric::backup_streams, streams); }
    World& stream(const std::string& name, double days) {
        set(name, metric::backup_readable, 1);
        set(name, metric::backup_max_age_seconds, day);
        return set(name, metric::backup_newest_timestamp_seconds, now - days * day,
                   {{"confidence", "exact"}});
    }
    World& set(const std::string& name, const Metric& metric, double value, Labels labels = {}) {
        world_.push_back({&metric, name, std::move(labels), value, now});
        return *this;
    }
    // "guests 3 oldest=a; a; b; c"
    std::string told(const Metric& metric) const {
        KnownBackups backups;
        note_backups(world_, backups);
        MemorySink sink;
        derive_late_streams(backups, now, sink);
        std::string text;
        for (const Observation& one : sink.observations) {
            if (one.metric == &metric)
                text +=
                    fmt::format("{} {} oldest={}; ", one.subject, one.value, one.label("oldest"));
            if (one.metric == &metric::backup_late_with_others)
                text += fmt::format("{}; ", one.subject);
        }
        return text;
    }

  private:
    std::vector<Observation> world_;
};

}  // namespace

TEST_CASE("several late streams are told by the whole, one is not") {
    World world = World().whole(4).stream("guests/a", 1.1).stream("guests/c", 0.5);
    CHECK(world.told(metric::backup_late_streams) == "guests 1 oldest=a; ");
    world.stream("guests/d", 3);
    CHECK(world.told(metric::backup_late_streams) == "guests 2 oldest=d; guests/a; guests/d; ");
    CHECK(world.stream("guests-of-others/e", 3).told(metric::backup_long_late_streams) ==
          "guests/a; guests/d; guests 0 oldest=; ");
}

TEST_CASE("streams that are late for long are counted apart") {
    World world = World().whole(4).stream("guests/a", 1.1).stream("guests/b", 5);
    world.stream("guests/c", 6).stream("guests/d", 4.5);
    CHECK(world.told(metric::backup_long_late_streams) ==
          "guests 3 oldest=c; guests/b; guests/c; guests/d; ");
    CHECK(world.told(metric::backup_late_streams) ==
          "guests 1 oldest=a; guests/b; guests/c; guests/d; ");
}

TEST_CASE("a stream that has another finding for it does not count") {
    World world = World().whole(3).stream("guests/a", 2).stream("guests/c", 2);
    for (const Metric* metric :
         {&metric::backup_original_late, &metric::backup_incomplete, &metric::backup_copies_gone}) {
        World other = world;
        other.set("guests/c", *metric, 1);
        CHECK(other.told(metric::backup_late_streams) == "guests 1 oldest=a; ");
    }
    World behind = world;
    behind.set("guests/c", metric::backup_lag_seconds, 10)
        .set("guests/c", metric::backup_max_lag_seconds, 5);
    CHECK(behind.told(metric::backup_late_streams) == "guests 1 oldest=a; ");
    CHECK(world.set("guests/c", metric::backup_readable, 0).told(metric::backup_late_streams) ==
          "guests 1 oldest=a; ");
}
