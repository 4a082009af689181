// A run of slow minutes: whether it is dense enough to be a finding, and when it has ended. Pure.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace lastgood {

class SlowRun {
  public:
    struct Shape {
        unsigned window = 20;   // judged minutes that are looked at, at most 64
        unsigned needed = 15;   // of them slow
        Seconds within = 2400;  // the window may not reach back further
    };
    SlowRun() = default;
    explicit SlowRun(const Shape& shape) : shape_(shape) {}

    // Takes one judged minute. Returns how long the run was if it ended by this minute: at most 2
    // of the last 12 judged minutes were slow, or nothing was judged for 6 h.
    std::optional<Seconds> add(bool slow, Timestamp now);
    // Ends it unjudged: what was measured is not comparable with what comes.
    void drop() { *this = SlowRun(shape_); }

    bool open() const { return open_; }
    Timestamp since() const { return since_; }
    Seconds age(Timestamp now) const { return open_ ? now - since_ : 0; }
    // Whether the newest minutes are dense with slow ones.
    bool dense() const;
    // Of the last 20 judged minutes at least half were slow.
    bool half_dense() const { return open_ && std::popcount(slow_ & 0xfffffU) >= 10; }
    Seconds slow_time() const { return 60.0 * slow_minutes_; }

  private:
    static constexpr size_t capacity = 64;

    Shape shape_{};
    uint64_t slow_ = 0;                        // bit 0: the newest judged minute
    std::array<Timestamp, capacity> times_{};  // of judged minutes, a ring
    uint64_t judged_ = 0;
    bool open_ = false;
    Timestamp since_ = 0, last_slow_ = 0, last_ = 0;
    unsigned slow_minutes_ = 0;
};

}  // namespace lastgood
