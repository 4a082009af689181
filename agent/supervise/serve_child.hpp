// Runs the listening process of `lastgood run` as a child of the agent. That it runs does not show
// that it answers: it tells so itself, each 10 s (exporters/prometheus/serve.hpp). No function
// blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/supervise/loop.hpp"

namespace lastgood {

class ServeChild {
  public:
    // `config`: the accepted configuration whenever a child is started. Calls `ended` with the
    // child's lifetime in seconds; not after stop_for_good(). Calls `changed` when is_up() or
    // problem() has changed.
    ServeChild(Loop& loop, const Descriptor& config, std::function<void(Seconds lived)> ended,
               std::function<void()> changed)
        : loop_(loop), config_(config), ended_(std::move(ended)), changed_(std::move(changed)) {}

    // Call it with each heartbeat of the agent. Starts the child if it does not run; logs a
    // failure. Restarts one that has not told that it answers for some heartbeats: heartbeats, not
    // seconds, because a machine that was suspended must not blame it.
    void start();
    void stop();  // It may be started again after it has ended.
    void stop_for_good();
    bool running() const { return child_ != nullptr; }
    // Whether it has told lately that it answers and can read the report; nullopt: it had no time
    // to.
    std::optional<bool> is_up() const;
    // Whether one of the children that were started has told something, as it does once it listens.
    bool has_listened() const { return has_listened_; }
    // Why it is not up, in its own last words; "" if it is, or if that is not known yet.
    const std::string& problem() const { return problem_; }

  private:
    void told(std::string_view line);
    void set_problem(const std::string& problem);
    void ended(const std::string& message);

    Loop& loop_;
    const Descriptor& config_;
    std::function<void(Seconds lived)> ended_;
    std::function<void()> changed_;
    std::unique_ptr<Child> child_;
    Seconds started_at_ = 0;
    bool stopping_ = false;
    bool restarting_ = false;  // stop() was called
    bool answers_ = false;     // it told so since it was started
    bool has_listened_ = false;
    int silent_beats_ = 0;  // heartbeats since it told something
    std::string problem_;
};

}  // namespace lastgood
