// When a filesystem will be full. Pure.
#pragma once

#include <deque>
#include <optional>

#include "core/time.hpp"

namespace lastgood {

// Keeps how full a filesystem was. A straight line through its fill (Theil and Sen's: the median of
// the slopes between all pairs of samples, which outliers do not move) says when it is full, but
// only if it fills steadily: nine of ten of those slopes must rise. So a log that is rotated, or a
// file that is written once, is no trend.
class FillForecast {
  public:
    // `used` and `size` in bytes. A filesystem that changed its size begins anew. At most one
    // sample a minute is kept.
    void add(Timestamp time, double used, double size, Seconds window);

    // When `available` more bytes are used, or nothing: less than half an hour seen, not filling,
    // or more than a year ahead. The last half hour and the last two hours count on their own if at
    // their pace it would be full within twice that time.
    std::optional<Timestamp> full_at(Timestamp now, double available) const;

  private:
    struct Sample {
        Timestamp time;
        double used;
    };
    std::optional<Seconds> time_to_full(Timestamp from, double available) const;

    std::deque<Sample> samples_;
    double size_ = 0;
};

}  // namespace lastgood
