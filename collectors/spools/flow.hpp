// What flows through a spool, worked out from one look after another. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <vector>

#include "collectors/spools/count.hpp"

namespace lastgood {

struct SpoolFlow {
    // Over the last minutes, or since nothing leaves any more; nullopt: not known yet.
    std::optional<double> growth_per_minute;
    std::optional<double> drained_per_minute;
    // For how long nothing has left although something lay there; nullopt: it is empty.
    std::optional<Seconds> still_for;
    std::optional<Seconds> empty_in;  // nullopt: it does not shrink
    // When the oldest entry came; nullopt: not known, or there is none.
    std::optional<Timestamp> oldest;
};

class SpoolHistory {
  public:
    // `window`: over which it averages; it knows nothing of the first quarter of that.
    explicit SpoolHistory(Seconds window) : window_(window) {}
    // The names whose presence the next look should tell.
    const std::unordered_set<uint64_t>& watched() const { return watched_; }
    // `at`: of a monotonic clock, in seconds.
    SpoolFlow add(Seconds at, const SpoolCount& count);

  private:
    // A look, and some of the names that lay there.
    struct Look {
        Seconds at = 0;
        double entries = 0;
        double drained = 0;  // since the look before
        std::vector<uint64_t> sample;
    };
    // How many of the entries of the look before have left.
    double drained_since(const Look& before, const SpoolCount& count) const;
    bool something_left(const SpoolCount& count) const;
    void note_oldest(const SpoolCount& count);
    void forget_old_looks(Seconds at);
    void watch_names();
    SpoolFlow flow(const SpoolCount& count) const;

    Seconds window_;
    std::deque<Look> looks_;
    std::unordered_set<uint64_t> watched_;
    std::optional<Look> still_;  // the first look at what has stood still since
    std::optional<Timestamp> oldest_created_;
    bool comes_by_rename_ = false;
};

}  // namespace lastgood
