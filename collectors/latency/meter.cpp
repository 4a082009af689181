#include "collectors/latency/meter.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lastgood {

void LatencyHistogram::add(Seconds latency, double count) {
    if (!(count > 0) || !(latency >= 0)) return;
    const double octaves = std::log2(std::max(latency, smallest) / smallest);
    const auto bucket = static_cast<size_t>(std::min(octaves * 4, buckets - 1.0));
    counts_[bucket] += static_cast<float>(count);
}

LatencyHistogram& LatencyHistogram::operator+=(const LatencyHistogram& other) {
    for (size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    return *this;
}

std::optional<Seconds> LatencyHistogram::quantile(double quantile) const {
    const double all = std::accumulate(counts_.begin(), counts_.end(), 0.0);
    if (!(all > 0)) return std::nullopt;
    double below = 0;
    size_t bucket = 0;
    for (; bucket + 1 < buckets; ++bucket) {
        below += static_cast<double>(counts_[bucket]);
        if (below >= quantile * all) break;
    }
    return smallest * std::exp2((static_cast<double>(bucket) + 0.5) / 4);
}

Seconds WaitClock::update(uint64_t waiting, uint64_t done, Seconds now) {
    // What waits now may be younger than the sample before, unless something waited then, too.
    if (waiting == 0 || waiting_ == 0 || done != done_) since_ = now;
    waiting_ = waiting;
    done_ = done;
    return waiting == 0 ? 0 : now - since_;
}

void DriveMeter::add(const DiskWork& work, Seconds elapsed, Seconds now) {
    if (!(elapsed > 0)) return;
    if (now - window_began_ >= window) {
        previous_ = now - window_began_ < 2 * window ? current_ : Window{};
        current_ = {};
        window_began_ = now;
    }
    for (size_t i = 0; i < all_operations.size(); ++i)
        current_.operations[i].add(work.parts[i].mean(), work.parts[i].count);
    const double weight = std::min(1.0, elapsed / 60);
    const auto follow = [&](std::optional<double>& value, double sample) {
        value = value ? *value + weight * (sample - *value) : sample;
    };
    follow(busy_, std::min(work.busy / elapsed, 1.0));
    follow(queue_, work.queue / elapsed);
}

LatencyHistogram DriveMeter::latency(Operation operation) const {
    LatencyHistogram both = previous_.operations[static_cast<size_t>(operation)];
    both += current_.operations[static_cast<size_t>(operation)];
    return both;
}

}  // namespace lastgood
