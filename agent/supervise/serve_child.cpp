#include "agent/supervise/serve_child.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <utility>

#include "agent/log.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/serve.hpp"

namespace lastgood {

namespace {

// Heartbeats come each 15 s, its words each 10 s: at least two of them are missing.
constexpr int silent_at_beat = 3, restarted_at_beat = 5;

}  // namespace

void ServeChild::start() {
    if (stopping_) return;
    if (child_) {
        if (++silent_beats_ == silent_at_beat) set_problem("it does not tell that it answers");
        if (silent_beats_ == restarted_at_beat) child_->stop("it did not tell that it answers");
        return;
    }
    ChildLimits limits;
    limits.deadline = 1e9;
    limits.output = SIZE_MAX;
    Child::Callbacks callbacks;
    callbacks.line = [this](std::string_view line) { told(line); };
    callbacks.end = [this](ChildEnd, const std::string& message) { ended(message); };
    started_at_ = loop_.monotonic();
    answers_ = false;
    silent_beats_ = 0;
    auto child = loop_.start({"/proc/self/exe",
                              {"lastgood", "serve", "--with-agent", "--config", "/proc/self/fd/3"},
                              config_.get()},
                             limits, std::move(callbacks));
    if (child)
        child_ = std::move(*child);
    else
        set_problem(child.error().message);
}

void ServeChild::told(std::string_view line) {
    silent_beats_ = 0;
    if (line.starts_with(listener_remarks)) {
        log(LogLevel::warning, line.substr(listener_remarks.size()));
    } else if (line.starts_with(listener_fails)) {
        answers_ = false;
        has_listened_ = true;
        set_problem(std::string(line.substr(listener_fails.size())));
    } else if (line == listener_answers) {
        const bool news = !answers_;
        answers_ = has_listened_ = true;
        if (problem_.empty()) {
            if (news) changed_();
        } else {
            set_problem("");
        }
    }
}

void ServeChild::set_problem(const std::string& problem) {
    if (problem == problem_) return;
    problem_ = problem;
    if (problem_.empty())
        log(LogLevel::info, "the listener answers again");
    else
        log(LogLevel::error, fmt::format("the listener does not serve: {}", problem_));
    changed_();
}

std::optional<bool> ServeChild::is_up() const {
    if (!problem_.empty()) return false;
    return answers_ ? std::optional(true) : std::nullopt;
}

void ServeChild::stop() {
    if (!child_) return;
    restarting_ = true;
    child_->stop("stopped");
}

void ServeChild::stop_for_good() {
    stopping_ = true;
    if (child_) child_->stop("stopped");
}

void ServeChild::ended(const std::string& message) {
    child_.reset();
    if (stopping_) return;
    answers_ = false;
    if (std::exchange(restarting_, false))
        problem_.clear();  // the next one has another address
    else
        set_problem(message.empty() ? "it ended" : message);
    ended_(loop_.monotonic() - started_at_);
}

}  // namespace lastgood
