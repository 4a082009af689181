// Updates the textfile with a child process: its disk may hang, and the agent must not hang with
// it. No function blocks.
#pragma once

#include <memory>
#include <string>

#include "agent/supervise/loop.hpp"

namespace lastgood {

class TextfileChild {
  public:
    // `config`: the accepted configuration whenever a child is started.
    TextfileChild(Loop& loop, const Descriptor& config) : loop_(loop), config_(config) {}

    // Starts `lastgood textfile` for a new report in the runtime directory, or after the running
    // one has ended.
    void update();
    void stop();  // Ends the child; later updates do nothing.
    bool running() const { return child_ != nullptr && !stuck_; }
    // Why the last textfile was not written; "" if it was.
    const std::string& problem() const { return problem_; }

  private:
    void ended(ChildEnd end, const std::string& message);

    Loop& loop_;
    const Descriptor& config_;
    std::unique_ptr<Child> child_;
    // SIGKILL had no effect; the textfile is not updated until the child ends
    bool stuck_ = false;
    bool again_ = false, stopping_ = false;
    std::string problem_;
};

}  // namespace lastgood
