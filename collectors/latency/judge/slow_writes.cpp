#include "collectors/latency/judge/slow_writes.hpp"

#include <algorithm>

namespace lastgood {

namespace {

constexpr Seconds slow_latency = 2;
constexpr double busy_copy = 8e6 / 512;  // sectors a second
constexpr double busy_heads = 40;        // writes a second of a rotating drive: its queue is long
constexpr Seconds short_window = 300, long_window = 1800;
constexpr Seconds idle_before_spin_up = 300, spin_up = 20;
constexpr Seconds shortest_span = 10;
constexpr Seconds clearly_stalled = 10;
constexpr size_t kept = 64;

bool is_stuck(const WriteSample& sample) {
    return sample.work.of(Operation::write).count == 0 && sample.writes_waiting > 0 &&
           sample.writes_waited > 0;
}

// How long a write or flush that ended took in a slow sample; nullopt: the sample is not slow.
std::optional<Seconds> slow_write(const WriteSample& sample, bool rotating) {
    const DiskWork::Part& writes = sample.work.of(Operation::write);
    const DiskWork::Part& flushes = sample.work.of(Operation::flush);
    if (flushes.count > 0 && flushes.mean() >= slow_latency) return flushes.mean();
    if (writes.count == 0 || writes.mean() < slow_latency) return std::nullopt;
    if (writes.sectors / sample.elapsed >= busy_copy) return std::nullopt;
    if (rotating && writes.count / sample.elapsed >= busy_heads) return std::nullopt;
    return writes.mean();
}

}  // namespace

void SlowWriteWatch::add(const WriteSample& sample, const WriteTraits& traits, Seconds now) {
    if (!(sample.elapsed > 0)) return;
    if (sample.stalled > 0) stalled_.emplace_back(now, sample.stalled);
    while (!stalled_.empty() && stalled_.front().first < now - short_window) stalled_.pop_front();

    double done = 0;
    for (const DiskWork::Part& part : sample.work.parts) done += part.count;
    const bool works = done > 0 || sample.writes_waiting > 0;
    if (works && traits.rotating && started_ && now - last_work_ >= idle_before_spin_up)
        spun_up_ = now + spin_up;
    if (works) last_work_ = now;
    if (!started_) last_work_ = now;
    started_ = true;
    const bool wrote = sample.work.of(Operation::write).count > 0;
    if (wrote || sample.writes_waiting == 0 || sample.writes_waited == 0) waiting_since_ = now;

    const bool stuck = is_stuck(sample);
    const auto took = slow_write(sample, traits.rotating);
    if ((took || stuck) && now >= spun_up_) {
        slow_.push_back({now, took.value_or(0), stuck ? now - waiting_since_ : 0, true});
        if (slow_.size() > kept) slow_.pop_front();
    } else if (wrote) {
        for (Slow& one : slow_) one.streak = false;
    }
    while (!slow_.empty() && slow_.front().at < now - long_window) slow_.pop_front();
    judge(traits, now);
}

void SlowWriteWatch::judge(const WriteTraits& traits, Seconds now) {
    size_t lately = 0, streak = 0;
    Seconds lately_since = now, streak_since = now;
    Seconds took = 0, waited = 0;
    for (const Slow& one : slow_) {
        if (one.streak) {
            if (streak++ == 0) streak_since = one.at;
        }
        if (one.at >= now - short_window) {
            if (lately++ == 0) lately_since = one.at;
        }
        if (!one.streak && one.at < now - short_window) continue;
        took = std::max(took, one.took);
        waited = std::max(waited, one.waited);
    }
    const size_t wanted = traits.rebuilding ? 6 : 3;
    bool found = (lately >= wanted && slow_.back().at - lately_since >= shortest_span) ||
                 (streak >= wanted && slow_.back().at - streak_since >= shortest_span);
    if (traits.erratic) found = slow_.size() >= 30;
    Seconds stalled = 0;
    for (const auto& [at, time] : stalled_) stalled += time;
    verdict_.reset();
    if (found) verdict_ = Verdict{took > 0 ? took : waited, stalled > clearly_stalled};
}

}  // namespace lastgood
