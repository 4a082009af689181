// Backups that missed the same night.
#include "collectors/backups/missed.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/backups.hpp"
#include "core/metrics/host.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'790'000'000;
constexpr Seconds hour = 3600, day = 86400;
constexpr double tonight = 20'717;  // Mon 2026-09-21

class World {
  public:
    World& backup(const std::string& name, Seconds late, double night = tonight) {
        name_ = name;
        set(metric::backup_readable, 1);
        set(metric::backup_due_timestamp_seconds, now - 6 * hour);
        set(metric::backup_due_night, night);
        return newest(now - 6 * hour - late);
    }
    World& newest(Timestamp time, const char* confidence = "exact") {
        world_.push_back({&metric::backup_newest_timestamp_seconds,
                          name_,
                          {{"confidence", confidence}},
                          time,
                          now});
        return *this;
    }
    World& set(const Metric& metric, double value, Labels labels = {}) {
        std::erase_if(world_, [&](const Observation& one) {
            return one.metric == &metric && one.subject == name_;
        });
        world_.push_back({&metric, name_, std::move(labels), value, now});
        return *this;
    }
    World& never() {
        std::erase_if(world_, [&](const Observation& one) {
            return one.metric == &metric::backup_newest_timestamp_seconds && one.subject == name_;
        });
        return *this;
    }
    std::string missed() const {
        MemorySink sink;
        KnownBackups backups;
        note_backups(world_, backups);
        derive_missed_nights(backups, now, sink);
        std::string text;
        for (const Observation& one : sink.observations)
            text += fmt::format("{} {}", one.value, one.label("night"));
        return text;
    }

  private:
    std::vector<Observation> world_;
    std::string name_;
};

World one_late() {
    return World().backup("a", day);
}

}  // namespace

TEST_CASE("backups that missed a night are counted by night") {
    CHECK(World().missed().empty());
    CHECK(World().backup("a", 0).backup("b", -hour).missed().empty());
    CHECK(World().backup("a", 200).missed().empty());  // two clocks differ
    CHECK(one_late().missed() == "1 Mon 2026-09-21");
    CHECK(one_late().backup("b", day).missed() == "2 Mon 2026-09-21");
    CHECK(one_late().backup("b", day, tonight - 1).missed() == "1 Mon 2026-09-21");
    CHECK(one_late().backup("b", day, tonight - 1).backup("c", day, tonight - 1).missed() ==
          "2 Sun 2026-09-20");
}

TEST_CASE("the streams of one backup count once") {
    World streams;
    streams.backup("vms", 0).never().set(metric::backup_streams, 2);
    streams.backup("vms/1", day).backup("vms/2", day);
    CHECK(streams.missed() == "1 Mon 2026-09-21");
    CHECK(streams.backup("b", day).missed() == "2 Mon 2026-09-21");
}

TEST_CASE("what is no missed night of its own, or cannot be told, does not count") {
    CHECK(one_late().backup("b", day).set(metric::backup_readable, 0).missed().starts_with("1"));
    CHECK(one_late().backup("b", day).never().missed().starts_with("1"));
    CHECK(one_late()
              .backup("b", day)
              .never()
              .newest(now - day, "activity")
              .missed()
              .starts_with("1"));
    CHECK(one_late()
              .backup("b", day)
              .set(metric::backup_copy_of, 1, {{"original", "a"}})
              .missed()
              .starts_with("1"));
    World paused =
        one_late().backup("b", day).set(metric::backup_paused_until_timestamp_seconds, now + day);
    CHECK(paused.missed().starts_with("1"));
    paused.set(metric::backup_paused_until_timestamp_seconds, now - day);
    CHECK(paused.missed().starts_with("2"));
    // Of a pause of the whole, and a stream of it.
    World whole;
    whole.backup("vms", 0).never().set(metric::backup_streams, 1);
    whole.set(metric::backup_paused_until_timestamp_seconds, now + day);
    CHECK(whole.backup("vms/1", day).missed().empty());
}
