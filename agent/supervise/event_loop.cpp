#include "agent/supervise/event_loop.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include "agent/supervise/event_source.hpp"

namespace lastgood {

namespace {

uint64_t microseconds(Seconds seconds) {
    return static_cast<uint64_t>(seconds * 1e6);
}

// A copy: the handler may destroy its own timer.
void call(void* handler) {
    const auto copy = *static_cast<std::function<void()>*>(handler);
    copy();
}

class EventTimer final : public Timer {
  public:
    EventTimer(sd_event* event, Seconds accuracy, std::function<void()> elapsed)
        : elapsed_(std::move(elapsed)) {
        const auto handler = [](sd_event_source*, uint64_t, void* function) {
            call(function);
            return 0;
        };
        sd_event_source* source = nullptr;
        if (sd_event_add_time(event, &source, CLOCK_BOOTTIME, UINT64_MAX, microseconds(accuracy),
                              handler, &elapsed_) < 0)
            return;
        source_.reset(source);
        // Before what children print: no flood makes a report or a deadline late.
        sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    }
    void arm(Seconds at) override {
        sd_event_source_set_time(source_.get(), microseconds(at));
        sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
    }

  private:
    std::function<void()> elapsed_;
    EventSource source_;
};

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
    sd_event* event = nullptr;
    if (const int made = sd_event_new(&event); made < 0)
        return fail(ErrorKind::failed,
                    fmt::format("cannot create an event loop: {}", errno_text(-made)));
    return std::unique_ptr<EventLoop>(new EventLoop(event));
}

EventLoop::~EventLoop() {
    sd_event_unref(event_);
}

std::unique_ptr<Timer> EventLoop::make_timer(Seconds accuracy, std::function<void()> elapsed) {
    return std::make_unique<EventTimer>(event_, accuracy, std::move(elapsed));
}

Result<std::unique_ptr<Child>> EventLoop::start(const ChildCommand& command,
                                                const ChildLimits& limits,
                                                Child::Callbacks callbacks) {
    return Child::start(event_, *this, command, limits, std::move(callbacks));
}

void EventLoop::on_signal(int number, std::function<void()> handler) {
    handlers_.push_back(std::move(handler));
    sd_event_source* source = nullptr;
    sd_event_add_signal(
        event_, &source, number,
        [](sd_event_source*, const signalfd_siginfo*, void* function) {
            call(function);
            return 0;
        },
        &handlers_.back());
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
    sd_event_source_set_floating(source, 1);
    sd_event_source_unref(source);
}

void EventLoop::on_readable(int fd, std::function<void()> handler) {
    handlers_.push_back(std::move(handler));
    sd_event_add_io(
        event_, nullptr, fd, EPOLLIN,
        [](sd_event_source*, int, uint32_t, void* function) {
            call(function);
            return 0;
        },
        &handlers_.back());
}

int EventLoop::run() {
    const int status = sd_event_loop(event_);
    return status < 0 ? 1 : status;
}

void EventLoop::exit(int status) {
    sd_event_exit(event_, status);
}

}  // namespace lastgood
