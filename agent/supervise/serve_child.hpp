// `lastgood run`: the listening process as a child of the agent.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/supervise/loop.hpp"

namespace lastgood {

class ServeChild {
  public:
    // `ended` is told how long it lived; not after stop_for_good().
    ServeChild(Loop& loop, std::function<void(Seconds lived)> ended)
        : loop_(loop), ended_(std::move(ended)) {}

    void start(int config_fd);  // unless it runs; `config_fd`: the accepted configuration
    void stop();                // it may be started anew when it has ended
    void stop_for_good();
    bool running() const { return child_ != nullptr; }

  private:
    void ended(const std::string& message);

    Loop& loop_;
    std::function<void(Seconds lived)> ended_;
    std::unique_ptr<Child> child_;
    Seconds started_at_ = 0;
    bool stopping_ = false;
};

}  // namespace lastgood
