// Keeps the textfile up to date by a child process: the disk that it lies on may hang, and the
// agent must not hang with it.
#pragma once

#include <memory>
#include <string>

#include "agent/supervise/loop.hpp"

namespace lastgood {

class TextfileChild {
  public:
    explicit TextfileChild(Loop& loop) : loop_(loop) {}

    // A new report lies in the runtime directory: `lastgood textfile` writes it, or, while the one
    // before still writes, after it. `config_fd`: the accepted configuration.
    void update(int config_fd);
    void stop();  // nothing more is written
    bool running() const { return child_ != nullptr && !stuck_; }
    // Why the last one was not written; "" if it was.
    const std::string& problem() const { return problem_; }

  private:
    void ended(ChildEnd end, const std::string& message);

    Loop& loop_;
    std::unique_ptr<Child> child_;
    bool stuck_ = false;  // it does not die: the textfile stays as old as it is until it does
    bool again_ = false, stopping_ = false;
    int config_fd_ = -1;
    std::string problem_;
};

}  // namespace lastgood
