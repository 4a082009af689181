#include "collectors/probes/timing.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lastgood {

namespace {

constexpr Seconds first_bound = 0.0001;
constexpr double most_learned = 20'000;  // two weeks of one a minute

size_t bucket_of(Seconds took) {
    size_t bucket = 0;
    while (bucket + 1 < UsualTime::buckets && took > UsualTime::bound(bucket)) ++bucket;
    return bucket;
}

}  // namespace

Seconds UsualTime::bound(size_t bucket) {
    return std::ldexp(first_bound, static_cast<int>(bucket));
}

void UsualTime::add(Seconds took, bool is_slow) {
    const size_t bucket = bucket_of(took);
    ++counted_[bucket];
    sum_ += took;
    if (is_slow) return;
    ++learned_[bucket];
    if (std::accumulate(learned_.begin(), learned_.end(), 0.0) > most_learned)
        for (double& count : learned_) count /= 2;
}

std::optional<Seconds> UsualTime::quantile(double part) const {
    const double all = std::accumulate(learned_.begin(), learned_.end(), 0.0);
    if (all < least) return std::nullopt;
    double rest = all * std::clamp(part, 0.0, 1.0);
    size_t bucket = 0;
    while (bucket + 1 < buckets && rest > learned_[bucket]) rest -= learned_[bucket++];
    const Seconds from = bucket == 0 ? 0 : bound(bucket - 1);
    const double inside = learned_[bucket] > 0 ? std::clamp(rest / learned_[bucket], 0.0, 1.0) : 1;
    return from + (bound(bucket) - from) * inside;
}

double UsualTime::count_up_to(size_t bucket) const {
    return std::accumulate(counted_.begin(),
                           counted_.begin() + static_cast<ptrdiff_t>(std::min(bucket + 1, buckets)),
                           0.0);
}

}  // namespace lastgood
