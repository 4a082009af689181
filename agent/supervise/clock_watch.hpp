// Tells when somebody sets the clock of this machine.
#pragma once

#include <functional>

#include "agent/supervise/event_loop.hpp"
#include "core/descriptor.hpp"

namespace lastgood {

class ClockWatch {
  public:
    ClockWatch(EventLoop& loop, std::function<void()> was_set);  // lives as long as the loop runs

  private:
    void watch();
    void look();

    Descriptor timer_;
    std::function<void()> was_set_;
};

}  // namespace lastgood
