#include "collectors/spools/flow.hpp"

#include <algorithm>

namespace lastgood {

namespace {

constexpr size_t most_looks = 32;
// More samples would name nothing new: each is of all that lies there.
constexpr size_t watched_looks = 8;
constexpr double minute = 60;

}  // namespace

SpoolFlow SpoolHistory::add(Seconds at, const SpoolCount& count) {
    Look now{at, count.entries, 0, count.sample};
    // What is not known of all names is not known to have left.
    const bool is_known = count.all_names && (looks_.empty() || looks_.back().at < at);
    if (!is_known) {
        looks_.clear();
    } else if (!looks_.empty()) {
        now.drained = drained_since(looks_.back(), count);
    }
    if (count.entries <= 0)
        still_.reset();
    else if (!still_ || (is_known && something_left(count)))
        still_ = now;
    note_oldest(count);
    looks_.push_back(std::move(now));
    forget_old_looks(at);
    watch_names();
    return flow(count);
}

double SpoolHistory::drained_since(const Look& before, const SpoolCount& count) const {
    if (before.sample.empty()) return 0;
    const auto left = std::ranges::count_if(
        before.sample, [&](uint64_t name) { return !count.present.contains(name); });
    return before.entries * static_cast<double>(left) / static_cast<double>(before.sample.size());
}

bool SpoolHistory::something_left(const SpoolCount& count) const {
    return std::ranges::any_of(watched_,
                               [&](uint64_t name) { return !count.present.contains(name); });
}

// A queue keeps the file of an entry, and with it the time at which that was created, however often
// it tries to send it. An entry that comes and is older than the oldest one before was created
// elsewhere: then only the time of its last change, by that rename, tells when it came.
void SpoolHistory::note_oldest(const SpoolCount& count) {
    constexpr Seconds accuracy = 1;
    if (count.all_looked && count.oldest_created && oldest_created_ &&
        *count.oldest_created < *oldest_created_ - accuracy)
        comes_by_rename_ = true;
    if (count.all_looked) oldest_created_ = count.oldest_created;
}

void SpoolHistory::forget_old_looks(Seconds at) {
    while (looks_.size() > most_looks || (looks_.size() > 2 && at - looks_[1].at >= window_))
        looks_.pop_front();
}

void SpoolHistory::watch_names() {
    watched_.clear();
    const size_t first = looks_.size() > watched_looks ? looks_.size() - watched_looks : 0;
    for (size_t i = first; i < looks_.size(); ++i)
        watched_.insert(looks_[i].sample.begin(), looks_[i].sample.end());
    if (still_) watched_.insert(still_->sample.begin(), still_->sample.end());
}

SpoolFlow SpoolHistory::flow(const SpoolCount& count) const {
    SpoolFlow flow;
    const bool by_creation = count.oldest_created && !comes_by_rename_;
    flow.oldest = by_creation ? count.oldest_created : count.oldest_changed;
    const Look& now = looks_.back();
    if (still_) flow.still_for = now.at - still_->at;
    const Look& first = looks_.front();
    if (const Seconds passed = now.at - first.at; passed >= window_ / 4) {
        double drained = 0;
        for (const Look& look : looks_)
            if (&look != &first) drained += look.drained;
        flow.drained_per_minute = drained / passed * minute;
        flow.growth_per_minute = (now.entries - first.entries) / passed * minute;
    }
    if (const Seconds still = flow.still_for.value_or(0); still >= window_)
        flow.growth_per_minute = (now.entries - still_->entries) / still * minute;
    if (flow.growth_per_minute && *flow.growth_per_minute < 0 && now.entries > 0)
        flow.empty_in = now.entries / -*flow.growth_per_minute * minute;
    return flow;
}

}  // namespace lastgood
