#include "agent/supervise/textfile_child.hpp"

#include <fmt/core.h>

#include "agent/log.hpp"

namespace lastgood {

namespace {

constexpr Seconds deadline = 10;  // s; the file has some hundred kB

}  // namespace

void TextfileChild::update() {
    again_ = child_ != nullptr;
    if (again_ || stopping_) return;
    Child::Callbacks callbacks;
    callbacks.end = [this](ChildEnd end, const std::string& message) { ended(end, message); };
    callbacks.gone = [this] {
        stuck_ = false;
        ended(ChildEnd::finished, "");
    };
    ChildLimits limits;
    limits.deadline = deadline;
    auto child = loop_.start(
        {"/proc/self/exe", {"lastgood", "textfile", "--config", "/proc/self/fd/3"}, config_.get()},
        limits, std::move(callbacks));
    if (child)
        child_ = std::move(*child);
    else
        ended(ChildEnd::failed, child.error().message);
}

void TextfileChild::ended(ChildEnd end, const std::string& message) {
    const std::string problem =
        message.empty() || stopping_ ? "" : fmt::format("not written: {}", message);
    if (problem != problem_ && !problem.empty())
        log(LogLevel::warning, "the textfile is " + problem);
    problem_ = problem;
    stuck_ = end == ChildEnd::abandoned;
    if (stuck_) return;
    child_.reset();
    if (again_) update();
}

void TextfileChild::stop() {
    stopping_ = true;
    if (child_) child_->stop("stopped");
}

}  // namespace lastgood
