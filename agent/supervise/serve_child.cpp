#include "agent/supervise/serve_child.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "agent/log.hpp"

namespace lastgood {

void ServeChild::start(int config_fd) {
    if (child_ || stopping_) return;
    ChildLimits limits;
    limits.deadline = 1e9;
    limits.output = SIZE_MAX;
    Child::Callbacks callbacks;
    callbacks.end = [this](ChildEnd, const std::string& message) { ended(message); };
    started_at_ = loop_.monotonic();
    auto child = loop_.start({"/proc/self/exe",
                              {"lastgood", "serve", "--with-agent", "--config", "/proc/self/fd/3"},
                              config_fd},
                             limits, std::move(callbacks));
    if (child)
        child_ = std::move(*child);
    else
        log(LogLevel::error, child.error().message);
}

void ServeChild::stop() {
    if (child_) child_->stop("stopped");
}

void ServeChild::stop_for_good() {
    stopping_ = true;
    stop();
}

void ServeChild::ended(const std::string& message) {
    child_.reset();
    if (stopping_) return;
    log(LogLevel::error, fmt::format("the listening process ended: {}", message));
    ended_(loop_.monotonic() - started_at_);
}

}  // namespace lastgood
