#include "agent/supervise/event_loop.hpp"

#include <fmt/core.h>
#include <sys/epoll.h>

#include "agent/supervise/event_source.hpp"
#include "agent/supervise/guarded.hpp"

namespace lastgood {

namespace {

uint64_t microseconds(Seconds seconds) {
    return static_cast<uint64_t>(seconds * 1e6);
}

// A copy: the handler may destroy its own timer. An exception must not pass through sd-event, which
// is written in C.
int call(sd_event_source* source, void* handler) {
    return guarded(source, [&] {
        const auto copy = *static_cast<std::function<void()>*>(handler);
        copy();
    });
}

class EventTimer final : public Timer {
  public:
    EventTimer(sd_event* event, Seconds accuracy, std::function<void()> elapsed)
        : elapsed_(std::move(elapsed)) {
        const auto handler = [](sd_event_source* source, uint64_t, void* function) {
            return call(source, function);
        };
        sd_event_source* source = nullptr;
        error_ = sd_event_add_time(event, &source, CLOCK_BOOTTIME, UINT64_MAX,
                                   microseconds(accuracy), handler, &elapsed_);
        if (error_ < 0) return;
        source_.reset(source);
        // Before what children print: no flood makes a report or a deadline late.
        sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    }
    void arm(Seconds at) override {
        sd_event_source_set_time(source_.get(), microseconds(at));
        sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
    }

    int error() const { return error_; }  // 0, or the negative errno of sd-event

  private:
    std::function<void()> elapsed_;
    EventSource source_;
    int error_ = 0;
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
    auto timer = std::make_unique<EventTimer>(event_, accuracy, std::move(elapsed));
    note(timer->error());
    return timer;
}

Result<std::unique_ptr<Child>> EventLoop::start(const ChildCommand& command,
                                                const ChildLimits& limits,
                                                Child::Callbacks callbacks) {
    return Child::start(event_, *this, command, limits, std::move(callbacks));
}

void EventLoop::on_signal(int number, std::function<void()> handler) {
    handlers_.push_back(std::move(handler));
    sd_event_source* added = nullptr;
    note(sd_event_add_signal(
        event_, &added, number,
        [](sd_event_source* source, const signalfd_siginfo*, void* function) {
            return call(source, function);
        },
        &handlers_.back()));
    if (added == nullptr) return;
    sd_event_source_set_priority(added, SD_EVENT_PRIORITY_IMPORTANT);
    sd_event_source_set_floating(added, 1);
    sd_event_source_unref(added);
}

void EventLoop::on_readable(int fd, std::function<void()> handler) {
    handlers_.push_back(std::move(handler));
    note(sd_event_add_io(
        event_, nullptr, fd, EPOLLIN,
        [](sd_event_source* source, int, uint32_t, void* function) {
            return call(source, function);
        },
        &handlers_.back()));
}

// Keeps the first error: a loop without one of its timers or signals must not run.
void EventLoop::note(int result) {
    if (result < 0 && error_ == 0) error_ = result;
}

Result<int> EventLoop::run() {
    const int status = error_ < 0 ? error_ : sd_event_loop(event_);
    if (status < 0)
        return fail(ErrorKind::failed,
                    fmt::format("the event loop failed: {}", errno_text(-status)));
    return status;
}

void EventLoop::exit(int status) {
    sd_event_exit(event_, status);
}

}  // namespace lastgood
