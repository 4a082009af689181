// How long something usually takes, learned in constant memory. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace lastgood {

class UsualTime {
  public:
    static constexpr size_t buckets = 22;
    // Upper bound of a bucket, in seconds: 0.0001, 0.0002, … The last one has none.
    static Seconds bound(size_t bucket);

    // Of what took that long; what is slow is counted, but teaches nothing.
    void add(Seconds took, bool is_slow);
    // The time within which this part (0 to 1) of what was learned ended. nullopt: less than
    // `least` were learned.
    std::optional<Seconds> quantile(double part) const;
    // How many took at most bound(bucket), as a Prometheus histogram has it; of the last bucket:
    // all.
    double count_up_to(size_t bucket) const;
    double sum() const { return sum_; }  // of all times, in seconds

    static constexpr double least = 20;

  private:
    std::array<double, buckets> counted_{};
    std::array<double, buckets> learned_{};  // old ones fade
    double sum_ = 0;
};

}  // namespace lastgood
