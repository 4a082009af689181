// Times that a wrong clock left in the state.
#include "agent/memory/state.hpp"

namespace lastgood {

namespace {

constexpr Timestamp earliest = 1'577'836'800;  // 2020-01-01; lastgood is younger
constexpr Seconds slack = 86'400;              // for a clock that is set back a little
constexpr Seconds apart = 1e-6;                // between two points of a history

}  // namespace

Timestamp plausible_time(Timestamp time, Timestamp now) {
    if (now < earliest || time == 0) return time;
    return time < earliest || time > now + slack ? now : time;
}

// Only the keys of history rows include a time.
void State::mend_times(const std::function<Timestamp(Timestamp)>& moved, Timestamp now) {
    const auto mended = [&](Timestamp time) { return plausible_time(moved(time), now); };
    const std::vector<StateRow> before = all_rows();
    for (auto* values : {&counters_, &remembered_})
        for (auto& [series, value] : *values) value.observed_at = mended(value.observed_at);
    for (auto& [series, points] : history_) {
        for (size_t i = 0; i < points.size(); ++i) {
            points[i].time = mended(points[i].time);
            if (i > 0 && points[i].time <= points[i - 1].time)
                points[i].time = points[i - 1].time + apart;
        }
    }
    for (auto& [key, since] : rules_.since) since = mended(since);
    for (auto& [kind, subjects] : known_)
        for (auto& [subject, known] : subjects) {
            known.first_seen = mended(known.first_seen);
            known.last_seen = mended(known.last_seen);
        }
    for (auto& [key, since] : over_since_) since = mended(since);
    for (auto& [key, one] : records_) one.at = moved(one.at);
    for (auto& [what, lost] : losses_) lost.at = mended(lost.at);
    if (watched_since_ != 0) watched_since_ = mended(watched_since_);
    const std::vector<StateRow> after = all_rows();  // in the same order
    const auto same = [](const StateRow& a, const StateRow& b) {
        return a.key3 == b.key3 && a.number1 == b.number1 && a.number2 == b.number2;
    };
    for (size_t i = 0; i < after.size(); ++i)
        if (before[i].key3 != after[i].key3) {
            change(before[i]);
            changes_.back().erased = true;
        }
    for (size_t i = 0; i < after.size(); ++i)
        if (!same(before[i], after[i])) change(after[i]);
}

}  // namespace lastgood
