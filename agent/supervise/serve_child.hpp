// Runs the listening process of `lastgood run` as a child of the agent. No function blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/supervise/loop.hpp"

namespace lastgood {

class ServeChild {
  public:
    // Calls `ended` with the child's lifetime in seconds; not after stop_for_good().
    ServeChild(Loop& loop, std::function<void(Seconds lived)> ended)
        : loop_(loop), ended_(std::move(ended)) {}

    // Does nothing if it runs. `config_fd`: the accepted configuration. Logs a failure.
    void start(int config_fd);
    void stop();  // It may be started again after it has ended.
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
