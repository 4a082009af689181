// Reports changes of this machine's wall clock. Does not block.
#pragma once

#include <functional>
#include <memory>

#include "agent/supervise/event_loop.hpp"
#include "core/descriptor.hpp"

namespace lastgood {

class ClockWatch {
  public:
    // Calls `was_set` in the loop's thread after each change of more than 1 s, with the change in
    // seconds; the time that the machine slept is no change. Must live as long as the loop runs.
    // Error: failed, if no descriptor is left.
    static Result<std::unique_ptr<ClockWatch>> make(EventLoop& loop,
                                                    std::function<void(Seconds)> was_set);
    // Calls `was_set` now if the loop has not yet told of a change.
    void check();

  private:
    ClockWatch(int timer, std::function<void(Seconds)> was_set)
        : timer_(timer), was_set_(std::move(was_set)) {}
    void watch();
    void look();

    Descriptor timer_;
    Seconds offset_ = 0;  // wall clock minus CLOCK_BOOTTIME
    std::function<void(Seconds)> was_set_;
};

}  // namespace lastgood
