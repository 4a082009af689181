// What the requests of one drive did lately, in constant memory. Pure: time is given.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "collectors/latency/parse/diskstats.hpp"

namespace lastgood {

// How long requests took: counts in buckets a quarter of an octave wide, from 1 us to 1,000 s. The
// kernel gives sums only, so all requests of one sample count as its mean: a few slow requests
// among many fast ones are not seen.
class LatencyHistogram {
  public:
    void add(Seconds latency, double count);
    void clear() { counts_ = {}; }
    // Adds the counts of another one.
    LatencyHistogram& operator+=(const LatencyHistogram& other);
    // The latency that the share `quantile` of requests did not exceed, within 10 %; nullopt: no
    // request.
    std::optional<Seconds> quantile(double quantile) const;

  private:
    static constexpr size_t buckets = 120;
    static constexpr Seconds smallest = 1e-6;
    std::array<float, buckets> counts_{};
};

// Measures for how long requests of one kind wait while none of the kind completes. The oldest of
// them has waited at least that long.
class WaitClock {
  public:
    // `now` is monotonic. Returns seconds; 0 if requests complete or none waits.
    Seconds update(uint64_t waiting, uint64_t done, Seconds now);

  private:
    uint64_t waiting_ = 0, done_ = 0;
    Seconds since_ = 0;
};

class DriveMeter {
  public:
    static constexpr Seconds window = 300;  // quantiles are over one to two windows

    // Takes what was done between two samples.
    void add(const DiskWork& work, Seconds elapsed, Seconds now);
    LatencyHistogram latency(Operation operation) const;
    // Over the last minute or so; nullopt: not sampled yet.
    std::optional<double> busy_ratio() const { return busy_; }
    std::optional<double> queue() const { return queue_; }

  private:
    struct Window {
        std::array<LatencyHistogram, all_operations.size()> operations{};
    };
    Window current_{}, previous_{};
    Seconds window_began_ = 0;
    std::optional<double> busy_, queue_;
};

}  // namespace lastgood
