#include "agent/supervise/child.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "agent/supervise/event_source.hpp"
#include "agent/supervise/guarded.hpp"
#include "agent/supervise/loop.hpp"
#include "core/descendants.hpp"
#include "core/sanitizers.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t error_limit = 4096;
// Bytes that one child is read in one turn of the loop. The lines in them take under 1 ms, so a
// flood delays the others by that at most.
constexpr size_t turn = 4 * kib;
constexpr Seconds timer_accuracy = 0.25;
constexpr Seconds late = 1;  // a timer that elapses so late tells of a process that was stopped
constexpr Seconds look_again = 0.02;    // s between looks at what was left behind,
constexpr Seconds look_seldom = 1;      // and when that is stuck
constexpr uint64_t ask_again = 50'000;  // µs between polls if there is no pidfd

// AddressSanitizer reserves terabytes of address space.
constexpr bool limit_memory = !has_address_sanitizer;

class RunningChild final : public Child {
  public:
    RunningChild(sd_event* event, Loop& loop, std::string program, const ChildLimits& limits,
                 Callbacks callbacks)
        : event_(event),
          loop_(loop),
          program_(std::move(program)),
          limits_(limits),
          callbacks_(std::move(callbacks)),
          timer_(loop.make_timer(timer_accuracy, [this] { escalate(); })) {}
    // 0, or the negative errno of sd-event.
    int watch(ChildProcess process, Descriptor output, Descriptor error);
    void extend() override;
    void stop(const std::string& why) override;
    bool left_behind() const override { return ended_ && how_ && orphans_left_; }
    bool is_stuck() const override { return stuck_; }

  private:
    template <void (RunningChild::*Member)()>
    int add_reader(EventSource& source, int fd);
    int ask_for_end();
    void read_output();
    void read_error();
    void read_last_errors();
    void check_limits();
    void take_lines();
    void take_last_line();
    void exited();
    void tell_end();
    void look_for_orphans();
    void tell_gone();
    std::string reason(const ProcessEnd& how) const;
    void escalate();
    bool had_no_time();
    void set_timer(Seconds from_now) {
        awake_until_ = loop_.awake() + from_now;
        timer_->arm(loop_.monotonic() + from_now);
    }
    // May destroy this, so the message is no member.
    void finish(ChildEnd end, const std::string& message);

    sd_event* event_;
    Loop& loop_;
    std::string program_;
    ChildLimits limits_;
    Callbacks callbacks_;
    ChildProcess process_;
    Descriptor output_, error_;
    EventSource output_source_, error_source_, end_source_;
    std::unique_ptr<Timer> timer_;
    std::string buffer_, error_text_, why_killed_;
    size_t output_size_ = 0;  // of output and errors
    // The process has ended; `rest_` bytes that it had printed are still to be read.
    std::optional<ProcessEnd> how_;
    size_t rest_ = 0;
    Orphans orphans_;
    Seconds ended_at_ = 0;
    bool orphans_left_ = false, stuck_ = false;
    Seconds awake_until_ = 0;  // when the timer elapses, if the machine does not sleep
    bool got_more_time_ = false, ended_ = false;
};

int RunningChild::watch(ChildProcess process, Descriptor output, Descriptor error) {
    process_ = std::move(process);
    output_ = std::move(output);
    error_ = std::move(error);
    ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(error_.get(), F_SETFL, O_NONBLOCK);
    int added = add_reader<&RunningChild::read_output>(output_source_, output_.get());
    if (added >= 0) added = add_reader<&RunningChild::read_error>(error_source_, error_.get());
    if (added >= 0)
        added = process_.pidfd() >= 0
                    ? add_reader<&RunningChild::exited>(end_source_, process_.pidfd())
                    : ask_for_end();
    set_timer(limits_.deadline);
    return std::min(added, 0);
}

// Calls `Member` whenever `fd` is readable.
template <void (RunningChild::*Member)()>
int RunningChild::add_reader(EventSource& source, int fd) {
    sd_event_source* added = nullptr;
    const int result = sd_event_add_io(
        event_, &added, fd, EPOLLIN,
        [](sd_event_source* called, int, uint32_t, void* child) {
            return guarded(called, [&] { (static_cast<RunningChild*>(child)->*Member)(); });
        },
        this);
    source.reset(added);
    return result;
}

int RunningChild::ask_for_end() {
    sd_event_source* source = nullptr;
    const int added = sd_event_add_time_relative(
        event_, &source, CLOCK_MONOTONIC, ask_again, 0,
        [](sd_event_source* again, uint64_t, void* data) {
            auto* const child = static_cast<RunningChild*>(data);
            if (child->process_.has_ended()) return guarded(again, [&] { child->exited(); });
            sd_event_source_set_time_relative(again, ask_again);
            return sd_event_source_set_enabled(again, SD_EVENT_ONESHOT);
        },
        this);
    end_source_.reset(source);
    return added;
}

void RunningChild::extend() {
    if (how_ || process_.was_told_to_end()) return;
    output_size_ = 0;
    got_more_time_ = false;
    set_timer(limits_.deadline);
}

void RunningChild::stop(const std::string& why) {
    if (ended_ || !why_killed_.empty()) return;
    why_killed_ = why;
    output_source_.reset();  // later output is ignored
    error_source_.reset();
    if (how_) return set_timer(0);  // not now: the caller may be reading its lines
    process_.escalate();
    set_timer(limits_.patience);
}

// Called when the deadline has passed, or the last signal had no effect.
void RunningChild::escalate() {
    if (ended_) return look_for_orphans();
    if (how_) {
        if (!output_source_) tell_end();  // else read_output() does
        return;
    }
    if (process_.has_ended()) return exited();  // in time, while the loop was busy with others
    if (had_no_time()) return;
    if (why_killed_.empty())
        why_killed_ = fmt::format("did not answer within {}", format_duration(limits_.deadline));
    if (process_.escalate()) return set_timer(limits_.patience);
    stuck_ = true;
    finish(ChildEnd::abandoned, why_killed_ + ", and cannot be killed: it is stuck in the kernel");
}

// The timer goes on while the machine sleeps, and while this process is stopped; the child did not.
// True: it gets the rest of its time, or once all of it.
bool RunningChild::had_no_time() {
    const Seconds left = awake_until_ - loop_.awake();
    if (left > timer_accuracy) {
        timer_->arm(loop_.monotonic() + left);
        return true;
    }
    if (!why_killed_.empty() || got_more_time_ || -left < late) return false;
    got_more_time_ = true;
    set_timer(limits_.deadline);
    return true;
}

void RunningChild::read_output() {
    char piece[turn];
    const size_t wanted = how_ ? std::min(rest_, sizeof piece) : sizeof piece;
    const ssize_t count = ::read(output_.get(), piece, wanted);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) {
        output_size_ += static_cast<size_t>(count);
        buffer_.append(piece, static_cast<size_t>(count));
        take_lines();
        check_limits();
    } else {
        output_source_.reset();
    }
    if (!how_) return;
    rest_ -= std::min(rest_, static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (rest_ == 0 || !output_source_) tell_end();
}

void RunningChild::check_limits() {
    if (output_size_ > limits_.output)
        stop(fmt::format("printed more than {}", format_size(static_cast<double>(limits_.output))));
    else if (buffer_.size() > limits_.line_length)
        stop(fmt::format("printed a line longer than {}",
                         format_size(static_cast<double>(limits_.line_length))));
}

void RunningChild::take_lines() {
    size_t start = 0;
    for (size_t end; (end = buffer_.find('\n', start)) != buffer_.npos; start = end + 1)
        if (end > start) callbacks_.line(std::string_view(buffer_).substr(start, end - start));
    buffer_.erase(0, start);
}

// Text files of many programs end without a newline. What a signal cut off is no line.
void RunningChild::take_last_line() {
    if (buffer_.empty() || !why_killed_.empty()) return;
    callbacks_.line(buffer_);
    buffer_.clear();
}

void RunningChild::read_error() {
    char piece[4096];
    const ssize_t count = ::read(error_.get(), piece, sizeof piece);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        error_source_.reset();
        return;
    }
    // Keep the end of the text: it says why the child ended.
    error_text_.append(piece, static_cast<size_t>(count));
    if (error_text_.size() > error_limit) error_text_.erase(0, error_text_.size() - error_limit);
    output_size_ += static_cast<size_t>(count);
    check_limits();
}

// What the pipe of errors holds now. Does not wait for its end: a grandchild may hold it open.
void RunningChild::read_last_errors() {
    int held = 0;
    if (!error_source_ || ::ioctl(error_.get(), FIONREAD, &held) != 0) return;
    for (; held > 0 && error_source_; held -= 4096) read_error();
}

void RunningChild::exited() {
    const auto how = process_.reap();
    if (!how) return;
    end_source_.reset();
    how_ = how;
    orphans_.take();
    orphans_left_ = orphans_.remain();
    ended_at_ = loop_.monotonic();
    if (ended_) {  // was abandoned before
        if (!orphans_left_) return tell_gone();
        return set_timer(look_again);
    }
    // What it has printed until now is read in its turns.
    int held = 0;
    if (output_source_ && ::ioctl(output_.get(), FIONREAD, &held) == 0)
        rest_ = static_cast<size_t>(std::max(held, 0));
    if (rest_ == 0) tell_end();
}

void RunningChild::tell_end() {
    read_last_errors();
    if (!how_->by_signal) take_last_line();
    if (!why_killed_.empty()) {
        const std::string why = why_killed_;
        return finish(ChildEnd::killed, why);
    }
    if (how_->succeeded()) return finish(ChildEnd::finished, "");
    finish(ChildEnd::failed, reason(*how_));
}

// What it left behind was killed; tells when that has ended.
void RunningChild::look_for_orphans() {
    if (!how_ || !orphans_left_) return;
    orphans_left_ = orphans_.remain();
    if (!orphans_left_) return tell_gone();
    stuck_ = stuck_ || loop_.monotonic() - ended_at_ > limits_.patience;
    set_timer(stuck_ ? look_seldom : look_again);
}

void RunningChild::tell_gone() {
    const auto tell = std::move(callbacks_.gone);
    if (tell) tell();  // may destroy this
}

std::string RunningChild::reason(const ProcessEnd& how) const {
    if (how.exec_error != 0) return fmt::format("{}: {}", program_, errno_text(how.exec_error));
    std::string_view words = trim_end(error_text_);
    words = without_prefix(words.substr(words.rfind('\n') + 1), "lastgood: ");
    if (how.by_signal) {
        const char* const name = ::sigdescr_np(how.status);  // strsignal(3) is for one thread
        std::string text = fmt::format("killed by signal {}", how.status);
        if (name != nullptr) text += fmt::format(" ({})", name);
        return words.empty() ? text : fmt::format("{}: {}", text, words);
    }
    return words.empty() ? fmt::format("exit status {}", how.status) : std::string(words);
}

void RunningChild::finish(ChildEnd end, const std::string& message) {
    ended_ = true;
    if (how_ && orphans_left_) set_timer(look_again);
    output_source_.reset();
    error_source_.reset();
    const auto tell = std::move(callbacks_.end);
    tell(end, message);  // may destroy this
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(sd_event* event, Loop& loop,
                                            const ChildCommand& command, const ChildLimits& limits,
                                            Callbacks callbacks) {
    auto output = open_pipe();
    if (!output) return Failure(output.error());
    auto error = open_pipe();
    if (!error) return Failure(error.error());
    auto process = ChildProcess::start(command.program, command.arguments,
                                       {.output = output->write.get(),
                                        .error = error->write.get(),
                                        .extra = command.config_fd,
                                        .own_session = true,
                                        .memory_limit = limit_memory ? limits.memory : 0});
    if (!process) return Failure(process.error());
    auto child =
        std::make_unique<RunningChild>(event, loop, command.program, limits, std::move(callbacks));
    if (const int watched =
            child->watch(std::move(*process), std::move(output->read), std::move(error->read));
        watched < 0)
        return fail(ErrorKind::failed,
                    fmt::format("cannot watch a child: {}", errno_text(-watched)));
    return child;
}

}  // namespace lastgood
