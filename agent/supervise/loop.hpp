// What those who supervise children need around them: the clock, timers, and the children. The
// agent has an EventLoop; a test plays one.
#pragma once

#include <functional>
#include <memory>

#include "agent/supervise/child.hpp"
#include "core/time.hpp"

namespace lastgood {

class Timer {
  public:
    virtual ~Timer() = default;
    virtual void arm(Seconds at) = 0;  // by Loop::monotonic(); elapses once; replaces what was set
};

class Loop {
  public:
    virtual ~Loop() = default;
    virtual Timestamp now() const = 0;
    virtual Seconds monotonic() const = 0;
    // `elapsed` is called at most `accuracy` too late.
    virtual std::unique_ptr<Timer> make_timer(Seconds accuracy, std::function<void()> elapsed) = 0;
    virtual Result<std::unique_ptr<Child>> start(const ChildCommand& command,
                                                 const ChildLimits& limits,
                                                 Child::Callbacks callbacks) = 0;
};

}  // namespace lastgood
