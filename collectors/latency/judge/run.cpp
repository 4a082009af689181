#include "collectors/latency/judge/run.hpp"

namespace lastgood {

std::optional<Seconds> SlowRun::add(bool slow, Timestamp now) {
    std::optional<Seconds> ended;
    const auto end = [&] {
        ended = last_slow_ - since_ + 60;
        open_ = false;
        slow_minutes_ = 0;
    };
    if (open_ && now - last_ > 6 * 3600) {
        end();
        slow_ = 0;
    }
    slow_ = slow_ << 1U | (slow ? 1U : 0U);
    times_[judged_++ % capacity] = now;
    last_ = now;
    if (slow) {
        if (!open_) since_ = now;
        open_ = true;
        last_slow_ = now;
        ++slow_minutes_;
    }
    if (open_ && std::popcount(slow_ & 0xfffU) <= 2 && now - since_ >= 12 * 60) end();
    return ended;
}

bool SlowRun::dense() const {
    if (!open_) return false;
    const uint64_t mask = shape_.window >= 64 ? ~uint64_t{0} : (uint64_t{1} << shape_.window) - 1;
    if (std::popcount(slow_ & mask) < static_cast<int>(shape_.needed)) return false;
    const uint64_t reach = judged_ < shape_.window ? judged_ : shape_.window;
    return last_ - times_[(judged_ - reach) % capacity] <= shape_.within;
}

}  // namespace lastgood
