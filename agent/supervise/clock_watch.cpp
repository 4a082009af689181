#include "agent/supervise/clock_watch.hpp"

#include <fmt/core.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdint>

#include "core/clock.hpp"

namespace lastgood {

namespace {

constexpr Seconds smallest_step = 1;

}  // namespace

Result<std::unique_ptr<ClockWatch>> ClockWatch::make(EventLoop& loop,
                                                     std::function<void(Seconds)> was_set) {
    const int timer = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0)
        return fail(ErrorKind::failed,
                    fmt::format("cannot watch the clock: {}", errno_text(errno)));
    std::unique_ptr<ClockWatch> made(new ClockWatch(timer, std::move(was_set)));
    made->watch();
    made->offset_ = wall_clock() - boot_clock();
    loop.on_readable(timer, [watch = made.get()] { watch->look(); });
    return made;
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
    check();
}

void ClockWatch::check() {
    const Seconds offset = wall_clock() - boot_clock();
    const Seconds by = offset - offset_;
    if (std::abs(by) <= smallest_step) return;  // a leap second; the end of a machine's sleep
    offset_ = offset;
    was_set_(by);
}

}  // namespace lastgood
