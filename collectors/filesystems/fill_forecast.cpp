#include "collectors/filesystems/fill_forecast.hpp"

#include <algorithm>
#include <vector>

namespace lastgood {

namespace {

constexpr Seconds least_seen = 30 * 60;
constexpr Seconds between_samples = 55;
constexpr size_t most_samples = size_t{7} * 24 * 60;
constexpr size_t most_points = 40;  // limits the number of pairs
constexpr double steady = 0.9;
constexpr Seconds farthest = 365.0 * 86400;
constexpr double usually_full = 0.95;  // of the size: no filesystem is so full each day

}  // namespace

void FillForecast::add(Timestamp time, double used, double size, Seconds window) {
    // After a change of the clock or of the filesystem, older samples are meaningless.
    if (size != size_ || (!samples_.empty() && time < samples_.back().time)) samples_.clear();
    if (size != size_) past_.clear();
    size_ = size;
    past_.add(time, used);
    if (!samples_.empty() && time - samples_.back().time < between_samples) return;
    samples_.push_back({time, used});
    while (samples_.size() > most_samples || samples_.front().time < time - window)
        samples_.pop_front();
}

void FillForecast::restore(const UsagePast& past, double size) {
    past_ = past;
    size_ = size;
}

std::optional<Seconds> FillForecast::time_to_full(Timestamp from, double available) const {
    const auto first = std::find_if(samples_.begin(), samples_.end(),
                                    [&](const Sample& s) { return s.time >= from; });
    const auto count = static_cast<size_t>(samples_.end() - first);
    if (count < 10 || samples_.back().time - first->time < least_seen - between_samples)
        return std::nullopt;
    std::vector<Sample> points;
    const size_t number = std::min(count, most_points);
    for (size_t i = 0; i < number; ++i)
        points.push_back(*(first + static_cast<std::ptrdiff_t>(i * (count - 1) / (number - 1))));
    // Space was freed a moment ago: the growth before that does not continue.
    const auto by_used = [](const Sample& a, const Sample& b) { return a.used < b.used; };
    const auto [lowest, highest] = std::minmax_element(first, samples_.end(), by_used);
    if (samples_.back().used < highest->used - 0.1 * (highest->used - lowest->used))
        return std::nullopt;
    std::vector<double> slopes;
    size_t rising = 0;
    for (size_t i = 0; i < points.size(); ++i)
        for (size_t k = i + 1; k < points.size(); ++k) {
            const double slope =
                (points[k].used - points[i].used) / (points[k].time - points[i].time);
            if (slope > 0) ++rising;
            slopes.push_back(slope);
        }
    if (static_cast<double>(rising) < steady * static_cast<double>(slopes.size()))
        return std::nullopt;
    const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
    std::nth_element(slopes.begin(), middle, slopes.end());
    if (*middle <= 0) return std::nullopt;
    const Seconds left = std::max(0.0, available) / *middle;
    return left <= farthest ? std::optional(left) : std::nullopt;
}

std::optional<Timestamp> FillForecast::full_at(Timestamp now, double available) const {
    std::optional<Seconds> left = by_days(now, available);
    const double used = samples_.empty() ? 0 : samples_.back().used;
    if (!past_.knows(used, now, usually_full * size_)) {
        const auto soon = by_hours(available);
        if (soon && (!left || *soon < *left)) left = soon;
    }
    if (!left) return std::nullopt;
    return now + *left;
}

std::optional<Seconds> FillForecast::by_hours(double available) const {
    if (samples_.empty() || samples_.back().time - samples_.front().time < least_seen)
        return std::nullopt;
    std::optional<Seconds> left = time_to_full(samples_.front().time, available);
    for (Seconds recent : {least_seen, 4 * least_seen}) {
        if (samples_.back().time - samples_.front().time <= recent) continue;
        const auto sooner = time_to_full(samples_.back().time - recent, available);
        if (sooner && *sooner <= 2 * recent && (!left || *sooner < *left)) left = sooner;
    }
    return left;
}

std::optional<Seconds> FillForecast::by_days(Timestamp now, double available) const {
    const auto growth = past_.daily_growth(now);
    if (!growth || samples_.empty()) return std::nullopt;
    const double at_peak = available - std::max(0.0, past_.peak(now) - samples_.back().used);
    const Seconds left = std::max(0.0, at_peak) / *growth;
    return left <= farthest ? std::optional(left) : std::nullopt;
}

}  // namespace lastgood
