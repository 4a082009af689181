#include "agent/supervise/clock_watch.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace lastgood {

ClockWatch::ClockWatch(EventLoop& loop, std::function<void()> was_set)
    : timer_(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)),
      was_set_(std::move(was_set)) {
    watch();
    loop.on_readable(timer_.get(), [this] { look(); });
}

// Sets a timer that never elapses; the kernel cancels it when the clock is set (timerfd_create(2),
// TFD_TIMER_CANCEL_ON_SET).
void ClockWatch::watch() {
    itimerspec never{};
    never.it_value.tv_sec = INT32_MAX * 16LL;
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

void ClockWatch::look() {
    uint64_t expirations = 0;
    if (::read(timer_.get(), &expirations, sizeof expirations) >= 0 || errno != ECANCELED) return;
    watch();
    was_set_();
}

}  // namespace lastgood
