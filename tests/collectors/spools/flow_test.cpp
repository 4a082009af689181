#include "collectors/spools/flow.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace lastgood;

namespace {

// A spool whose entries are numbered; the first ones leave first.
class SimulatedSpool {
  public:
    void come(int number) {
        for (; number > 0; --number) entries_.push_back(++last_);
    }
    void leave(size_t number) {
        for (; number > 0 && !entries_.empty(); --number) entries_.pop_front();
    }
    SpoolFlow look(Seconds passed = 20) {
        at_ += passed;
        SpoolCount count;
        count.entries = static_cast<double>(entries_.size());
        const size_t step = entries_.size() / 64 + 1;
        for (size_t i = 0; i < entries_.size(); i += step) count.sample.push_back(entries_[i]);
        for (const uint64_t name : entries_)
            if (history_.watched().contains(name)) count.present.insert(name);
        if (!entries_.empty()) {
            count.oldest_created = created + static_cast<double>(entries_.front());
            count.oldest_changed = changed;
        }
        return history_.add(at_, count);
    }

    Timestamp created = 1.8e9, changed = 1.9e9;

  private:
    std::deque<uint64_t> entries_;
    uint64_t last_ = 0;
    Seconds at_ = 0;
    SpoolHistory history_{180};
};

}  // namespace

TEST_CASE("a spool that no longer drains is known within five minutes, with its growth") {
    SimulatedSpool spool;
    for (int i = 0; i < 30; ++i) {
        spool.come(70);
        spool.leave(70);
        const SpoolFlow flow = spool.look();
        CHECK(!flow.still_for);
        if (flow.growth_per_minute) CHECK(*flow.growth_per_minute == 0);
    }
    SpoolFlow flow;
    Seconds stopped = 0;
    while (flow.still_for.value_or(0) <= 180) {
        spool.come(70);
        flow = spool.look();
        stopped += 20;
        REQUIRE(stopped <= 240);
    }
    CHECK(*flow.growth_per_minute == doctest::Approx(210));
    CHECK(*flow.drained_per_minute == 0);
    for (int i = 0; i < 180; ++i) {
        spool.come(70);
        flow = spool.look();
    }
    CHECK(*flow.growth_per_minute == doctest::Approx(210));
    CHECK(!flow.empty_in);
    // It drains again.
    for (int i = 0; i < 15; ++i) {
        spool.come(70);
        spool.leave(370);
        flow = spool.look();
        CHECK(flow.still_for.value_or(0) == 0);
    }
    CHECK(*flow.growth_per_minute == doctest::Approx(-900));
    CHECK(*flow.drained_per_minute == doctest::Approx(1110).epsilon(0.3));
    CHECK(*flow.empty_in > 0);
}

TEST_CASE("a burst that drains does not stand still") {
    SimulatedSpool spool;
    spool.come(10'000);
    for (int i = 0; i < 40; ++i) {
        CHECK(spool.look().still_for.value_or(0) == 0);
        spool.come(300);
        spool.leave(250);  // slower than it comes
    }
}

TEST_CASE("a single entry that nobody takes stands still, also while others pass") {
    SimulatedSpool spool;
    spool.come(1);
    SpoolFlow flow;
    for (int i = 0; i < 10; ++i) flow = spool.look();
    CHECK(*flow.still_for == 180);
    CHECK(*flow.growth_per_minute == 0);
    spool.leave(1);
    CHECK(!spool.look().still_for);
}

TEST_CASE("entries that come by a rename are as old as their last change") {
    SimulatedSpool spool;
    spool.come(1);
    CHECK(spool.look().oldest == 1.8e9 + 1);
    spool.created -= 1e6;  // made long before, and moved here
    CHECK(spool.look().oldest == spool.changed);
    CHECK(spool.look().oldest == spool.changed);
}

TEST_CASE("what cannot be listed to its end is not said to flow") {
    SpoolHistory history(180);
    SpoolCount count;
    count.entries = 100;
    count.sample = {1, 2, 3};
    history.add(0, count);
    SpoolCount part;
    part.entries = 50;
    part.all_names = part.all_looked = false;
    for (int i = 1; i < 20; ++i) {
        const SpoolFlow flow = history.add(i * 20, part);
        CHECK(!flow.drained_per_minute.has_value());
    }
}
