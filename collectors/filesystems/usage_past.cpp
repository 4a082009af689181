#include "collectors/filesystems/usage_past.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lastgood {

namespace {

constexpr Seconds hour = 3600;
constexpr Seconds day = 24 * hour;
constexpr int days_kept = 15;
constexpr size_t most_hours = size_t{days_kept} * 24;
constexpr int least_days = 3;
constexpr double steady = 0.8;
// What is used may be somewhat more than ever before: dumps and logs grow slowly.
constexpr double margin = 0.1;

}  // namespace

void UsagePast::add(Timestamp time, double used) {
    const Timestamp begin = std::floor(time / hour) * hour;
    if (!hours_.empty() && begin < hours_.back().begin) hours_.clear();  // the clock was set back
    if (hours_.empty() || hours_.back().begin != begin) hours_.push_back({begin, used, used});
    hours_.back().lowest = std::min(hours_.back().lowest, used);
    hours_.back().highest = std::max(hours_.back().highest, used);
    while (hours_.size() > most_hours || hours_.front().begin < time - days_kept * day)
        hours_.pop_front();
}

void UsagePast::restore(const std::deque<Hour>& hours, Timestamp now) {
    hours_.clear();
    for (const Hour& one : hours) {
        const bool usable = one.begin <= now && one.begin >= now - days_kept * day &&
                            one.lowest >= 0 && one.highest >= one.lowest &&
                            (hours_.empty() || one.begin > hours_.back().begin);
        if (usable && hours_.size() < most_hours) hours_.push_back(one);
    }
}

bool UsagePast::knows(double used, Timestamp now, double most) const {
    const UsagePast::Hour* peak = nullptr;
    double low = 0;  // since the peak
    for (const Hour& one : hours_) {
        if (one.highest <= most && (peak == nullptr || one.highest >= peak->highest) &&
            one.begin + hour <= now) {
            peak = &one;
            low = one.highest;
        } else {
            low = std::min(low, one.lowest);
        }
    }
    if (peak == nullptr) return false;
    const double freed = peak->highest - low;
    return freed > 0 && used <= peak->highest + margin * freed;
}

double UsagePast::peak(Timestamp now) const {
    double highest = 0;
    for (const Hour& one : hours_)
        if (one.begin + hour > now - day) highest = std::max(highest, one.highest);
    return highest;
}

std::optional<double> UsagePast::daily_growth(Timestamp now) const {
    std::vector<double> peaks(days_kept, -1);  // of the last day, the one before, …
    for (const Hour& one : hours_) {
        const double ago = std::floor((now - one.begin - 1) / day);
        if (ago < 0 || ago >= days_kept) continue;
        double& peak = peaks[static_cast<size_t>(ago)];
        peak = std::max(peak, one.highest);
    }
    // The oldest day may be there in part only: its peak may be missing.
    const Timestamp oldest = hours_.empty() ? now : hours_.front().begin;
    const auto whole = static_cast<size_t>(
        std::clamp(std::floor((now - oldest) / day + 0.05), 0.0, double{days_kept}));
    std::vector<double> slopes;
    size_t rising = 0, days = 0;
    for (size_t i = 0; i < whole; ++i) {
        if (peaks[i] < 0) continue;
        ++days;
        for (size_t k = i + 1; k < whole; ++k) {
            if (peaks[k] < 0) continue;
            const double slope = (peaks[i] - peaks[k]) / (static_cast<double>(k - i) * day);
            if (slope > 0) ++rising;
            slopes.push_back(slope);
        }
    }
    if (days < least_days ||
        static_cast<double>(rising) < steady * static_cast<double>(slopes.size()))
        return std::nullopt;
    const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
    std::nth_element(slopes.begin(), middle, slopes.end());
    return *middle > 0 ? std::optional(*middle) : std::nullopt;
}

}  // namespace lastgood
