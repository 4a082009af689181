#include "collectors/latency/judge/own_past.hpp"

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

constexpr double small_requests = 48, middle_requests = 400;  // sectors
constexpr float known_minutes = 300;
constexpr double slow_factor = 4, slow_deviations = 5;
constexpr double slowest_learning = .0005;

size_t bin_of(const Minute::Part& part) {
    const double rate = std::log2(part.count / 16 + 1);
    const size_t size = part.size() < small_requests ? 0 : part.size() < middle_requests ? 1 : 2;
    return static_cast<size_t>(std::clamp(rate, 0.0, OwnPast::rates - 1.0)) * OwnPast::sizes + size;
}

// The floor is four times as high as that of siblings: a lone drive has less to be measured by.
constexpr Seconds own_floor(DriveClass kind) {
    return kind == DriveClass::rotating ? 0.060 : kind == DriveClass::ssd ? 0.008 : 0.004;
}

}  // namespace

std::optional<OwnPast::Ratio> OwnPast::compare(const Minute::Part& part, DriveClass kind) const {
    const Bin& bin = bins_[bin_of(part)];
    if (bin.count < known_minutes) return std::nullopt;
    Ratio ratio;
    ratio.latency = part.mean();
    ratio.usual = std::exp(static_cast<double>(bin.mean));
    ratio.log_ratio = std::log(ratio.latency) - static_cast<double>(bin.mean);
    ratio.slow = ratio.log_ratio > std::log(slow_factor) &&
                 ratio.log_ratio > slow_deviations * static_cast<double>(bin.deviation) &&
                 ratio.latency >= own_floor(kind);
    return ratio;
}

void OwnPast::learn(const Minute::Part& part) {
    Bin& bin = bins_[bin_of(part)];
    const double value = std::log(std::max(part.mean(), 1e-6));
    bin.count += 1;
    const double weight = std::max(1 / static_cast<double>(bin.count), slowest_learning);
    const double off = value - static_cast<double>(bin.mean);
    bin.mean += static_cast<float>(weight * off);
    bin.deviation +=
        static_cast<float>(weight * (std::abs(off) - static_cast<double>(bin.deviation)));
}

}  // namespace lastgood
