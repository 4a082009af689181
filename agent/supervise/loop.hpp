// The interface that supervising code needs: clock, timers and children. The agent uses EventLoop,
// tests use a simulated loop.
#pragma once

#include <functional>
#include <memory>

#include "agent/supervise/child.hpp"
#include "core/time.hpp"

namespace lastgood {

class Timer {
  public:
    virtual ~Timer() = default;
    // Elapses once at that time of Loop::monotonic(); replaces an earlier setting.
    virtual void arm(Seconds at) = 0;
};

class Loop {
  public:
    virtual ~Loop() = default;
    // Wall-clock time.
    virtual Timestamp now() const = 0;
    // CLOCK_BOOTTIME: continues while the machine sleeps.
    virtual Seconds monotonic() const = 0;
    // CLOCK_MONOTONIC: stands still while the machine sleeps.
    virtual Seconds awake() const = 0;
    // `elapsed` is called at most `accuracy` seconds late. Destroying the timer cancels it.
    virtual std::unique_ptr<Timer> make_timer(Seconds accuracy, std::function<void()> elapsed) = 0;
    // As Child::start().
    virtual Result<std::unique_ptr<Child>> start(const ChildCommand& command,
                                                 const ChildLimits& limits,
                                                 Child::Callbacks callbacks) = 0;
};

}  // namespace lastgood
