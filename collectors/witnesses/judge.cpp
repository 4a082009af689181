#include "collectors/witnesses/judge.hpp"

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

constexpr Seconds hour = 3600, day = 86400;
constexpr size_t most_sightings = 90;
constexpr double largest = 9e15;  // every whole number below is exact

}  // namespace

Course WitnessPast::judge(const Sighting& now, RolledBack& found) const {
    if (sightings_.empty()) return Course::first;
    const Sighting& newest = sightings_.back();
    if (now.count >= newest.count) return Course::went_on;
    const double saved = std::ranges::max_element(sightings_, {}, &Sighting::saved)->saved;
    if (now.count >= saved) return Course::uncertain;
    found = {.found = now.at, .from = newest.at, .to = 0, .oldest = sightings_.front().at};
    for (const Sighting& one : sightings_)
        if (one.count <= now.count) found.to = one.at;
    return Course::went_back;
}

void WitnessPast::note(const Sighting& now, Course course) {
    if (course == Course::went_back || course == Course::uncertain)
        std::erase_if(sightings_, [&](const Sighting& one) { return one.count > now.count; });
    // The clock may have been set back; what was counted is as true as before.
    for (Sighting& one : sightings_) one.at = std::min(one.at, now.at);
    sightings_.push_back(now);
    thin(now.at);
}

void WitnessPast::settle() {
    if (!sightings_.empty()) sightings_.back().saved = sightings_.back().count;
}

// One for each hour of the last two days, and one for each day before.
void WitnessPast::thin(Timestamp now) {
    std::vector<Sighting> kept;
    for (size_t i = 0; i < sightings_.size(); ++i) {
        const Sighting& one = sightings_[i];
        const Seconds step = one.at > now - 2 * day ? hour : day;
        const bool needed = kept.empty() || i + 1 == sightings_.size() ||
                            std::floor(one.at / step) != std::floor(kept.back().at / step);
        if (needed)
            kept.push_back(one);
        else
            kept.back().saved = std::max(kept.back().saved, one.saved);
    }
    if (kept.size() > most_sightings)
        kept.erase(kept.begin(), kept.end() - static_cast<long>(most_sightings));
    sightings_ = std::move(kept);
}

void WitnessPast::load(const std::vector<Sighting>& sightings, Timestamp now) {
    sightings_.clear();
    for (Sighting one : sightings) {
        one.at = std::min(one.at, now);
        const bool sound = one.at > 0 && one.count >= 0 && one.count < largest && one.saved >= 0 &&
                           one.saved < largest &&
                           (sightings_.empty() || (one.at >= sightings_.back().at &&
                                                   one.count >= sightings_.back().count));
        if (sound && sightings_.size() < most_sightings) sightings_.push_back(one);
    }
}

}  // namespace lastgood
