// How full a filesystem was in the last two weeks: what usually grows and is usually freed again,
// as logs and nightly dumps, is no trend. Pure; not thread-safe.
#pragma once

#include <deque>
#include <optional>

#include "core/time.hpp"

namespace lastgood {

// Keeps the highest and the lowest value of each hour, at most 15 days of them.
class UsagePast {
  public:
    struct Hour {
        Timestamp begin = 0;
        double lowest = 0, highest = 0;  // bytes used
    };

    void add(Timestamp time, double used);
    // Of earlier looks; unordered hours, those from the future and more than 15 days are left out.
    void restore(const std::deque<Hour>& hours, Timestamp now);
    void clear() { hours_.clear(); }
    const std::deque<Hour>& hours() const { return hours_; }

    // Whether about so much was used in an hour before, and was freed since then. Peaks above
    // `most` do not count: somebody had to make room.
    bool knows(double used, Timestamp now, double most) const;
    // By how much the highest of each day grows, bytes a second: the median over all pairs of days.
    // nullopt: less than three days, or the days do not agree that it grows.
    std::optional<double> daily_growth(Timestamp now) const;
    // The highest of the last day.
    double peak(Timestamp now) const;

  private:
    std::deque<Hour> hours_;
};

}  // namespace lastgood
