// Forecasts when a filesystem will be full. Pure; not thread-safe.
#pragma once

#include <deque>
#include <optional>

#include "collectors/filesystems/usage_past.hpp"
#include "core/time.hpp"

namespace lastgood {

// Keeps samples of the used space and extrapolates a line through them: the Theil-Sen estimator,
// the median slope over all pairs of samples, which outliers do not change. Forecasts only steady
// growth: nine of ten slopes must be positive. So a rotated log or one large new file is not a
// trend. Nor is a rise to what was used before and freed again, as each night's dump: of that only
// the growth of the highest of each day counts.
class FillForecast {
  public:
    // `used` and `size` in bytes. A change of `size` discards all samples, a clock set back too.
    // Keeps about one sample a minute, none older than `window`.
    void add(Timestamp time, double used, double size, Seconds window);

    // The hours of earlier runs, of a filesystem of this size. Before the first add().
    void restore(const UsagePast& past, double size);
    const UsagePast& past() const { return past_; }
    double size() const { return size_; }

    // When `available` more bytes will be used. nullopt: less than half an hour of samples, no
    // steady growth, or more than a year ahead. The growth of the last half hour, and of the last
    // two hours, counts alone if at that pace the filesystem is full within twice that time.
    std::optional<Timestamp> full_at(Timestamp now, double available) const;

  private:
    struct Sample {
        Timestamp time;
        double used;
    };
    std::optional<Seconds> time_to_full(Timestamp from, double available) const;
    std::optional<Seconds> by_hours(double available) const;
    std::optional<Seconds> by_days(Timestamp now, double available) const;

    std::deque<Sample> samples_;
    UsagePast past_;
    double size_ = 0;
};

}  // namespace lastgood
