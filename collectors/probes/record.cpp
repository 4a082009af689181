#include "collectors/probes/record.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/metrics/probes.hpp"

namespace lastgood {

namespace {

constexpr size_t most_attempts = 4;
constexpr size_t enough_slow = 2;  // of them
// What nobody calls slow, whatever is usual; and what everybody does.
constexpr Seconds never_slow = 0.5, always_slow = 2;
constexpr double slow_times = 10;  // as long as all but one of a hundred

}  // namespace

Seconds ProbeRecord::slow_from(std::optional<Seconds> limit) const {
    if (limit) return *limit;
    const auto usual = usual_.quantile(0.99);
    const Seconds learned = usual ? std::max(never_slow, *usual * slow_times) : always_slow;
    // A command may take long by its nature, a write may not.
    return kind_ == ProbeKind::command && usual ? learned : std::min(learned, always_slow);
}

void ProbeRecord::took(Seconds time, std::optional<Seconds> limit, Timestamp now) {
    const bool slow = time > slow_from(limit);
    usual_.add(time, slow);
    last_.push_back({time, slow});
    if (last_.size() > most_attempts) last_.pop_front();
    failures_ = 0;
    why_.clear();
    idle_ = false;
    asked_ = now;
}

void ProbeRecord::failed(std::string why, std::string says, Timestamp now) {
    ++failures_;
    why_ = std::move(why);
    says_ = std::move(says);
    idle_ = false;
    asked_ = now;
    last_.clear();
}

void ProbeRecord::idle(Timestamp now) {
    idle_ = true;
    asked_ = now;
}

// The middle of the slow ones; nullopt: not enough were slow.
std::optional<Seconds> ProbeRecord::slow_time() const {
    std::vector<Seconds> slow;
    for (const Attempt& one : last_)
        if (one.slow) slow.push_back(one.took);
    if (slow.size() < enough_slow) return std::nullopt;
    std::ranges::sort(slow);
    return slow[slow.size() / 2];
}

void ProbeRecord::observe_durations(Sink& sink, const std::string& name, Timestamp now) const {
    for (size_t bucket = 0; bucket < UsualTime::buckets; ++bucket) {
        const bool is_last = bucket + 1 == UsualTime::buckets;
        sink.observe(metric::probe_attempts_total, name, usual_.count_up_to(bucket), now,
                     {{"up_to", is_last ? "+Inf" : fmt::format("{:g}", UsualTime::bound(bucket))}});
    }
    sink.observe(metric::probe_attempt_seconds_total, name, usual_.sum(), now);
}

void ProbeRecord::observe(Sink& sink, const std::string& name, Timestamp now) const {
    if (asked_) sink.observe(metric::probe_asked_timestamp_seconds, name, *asked_, now);
    if (waiting_since_)
        sink.observe(metric::probe_waiting_since_timestamp_seconds, name, *waiting_since_, now);
    if (asked_) sink.observe(metric::probe_idle, name, idle_ ? 1 : 0, now);
    if (failures_ > 0)
        sink.observe(metric::probe_failures, name, failures_, now,
                     {{"says", says_}, {"why", why_}});
    if (!last_.empty()) sink.observe(metric::probe_last_seconds, name, last_.back().took, now);
    if (const auto slow = slow_time()) sink.observe(metric::probe_slow_seconds, name, *slow, now);
    if (const auto usual = usual_.quantile(0.5))
        sink.observe(metric::probe_usual_seconds, name, *usual, now,
                     {{"usual", format_short_time(*usual)}});
    observe_durations(sink, name, now);
}

}  // namespace lastgood
