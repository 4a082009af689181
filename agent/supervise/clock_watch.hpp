// Reports changes of this machine's wall clock. Does not block.
#pragma once

#include <functional>

#include "agent/supervise/event_loop.hpp"
#include "core/descriptor.hpp"

namespace lastgood {

class ClockWatch {
  public:
    // Calls `was_set` after each change, in the loop's thread. Must live as long as the loop runs.
    ClockWatch(EventLoop& loop, std::function<void()> was_set);

  private:
    void watch();
    void look();

    Descriptor timer_;
    std::function<void()> was_set_;
};

}  // namespace lastgood
