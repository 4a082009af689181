// The agent's event loop: sd-event(3), this machine's clock, real child processes. One thread only.
#pragma once

#include <list>

#include "agent/supervise/loop.hpp"
#include "core/clock.hpp"
#include "core/host.hpp"

namespace lastgood {

class EventLoop final : public Loop {
  public:
    // Error: failed, if sd-event cannot be set up.
    static Result<std::unique_ptr<EventLoop>> make();
    ~EventLoop() override;  // destroy its timers and children first
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    Timestamp now() const override { return clock_.now(); }
    Seconds monotonic() const override { return clock_.monotonic(); }
    Seconds awake() const override { return monotonic_clock(); }
    std::unique_ptr<Timer> make_timer(Seconds accuracy, std::function<void()> elapsed) override;
    Result<std::unique_ptr<Child>> start(const ChildCommand& command, const ChildLimits& limits,
                                         Child::Callbacks callbacks) override;

    void on_signal(int number, std::function<void()> handler);  // The signal must be blocked.
    // `fd` must stay open as long as the loop runs.
    void on_readable(int fd, std::function<void()> handler);
    // Blocks until exit(); returns its status. Error: failed, if a timer, signal or file could not
    // be added before, or sd-event fails.
    Result<int> run();
    void exit(int status);

  private:
    explicit EventLoop(sd_event* event) : event_(event) {}
    void note(int result);

    sd_event* event_;
    int error_ = 0;  // negative errno
    const Host clock_;
    std::list<std::function<void()>> handlers_;
};

}  // namespace lastgood
