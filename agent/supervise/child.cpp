#include "agent/supervise/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lastgood {

namespace {

constexpr int config_number = 3;      // the descriptor that children find the configuration at
constexpr Seconds kill_interval = 1;  // between SIGTERM, SIGKILL and giving up
constexpr size_t error_limit = 4096;

// AddressSanitizer reserves terabytes of address space.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool limit_memory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool limit_memory = false;
#else
constexpr bool limit_memory = true;
#endif
#else
constexpr bool limit_memory = true;
#endif

void close_descriptor(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
}

[[noreturn]] void become(const std::string& program, const std::vector<char*>& arguments,
                         int config_fd, int output, int error, const ChildLimits& limits,
                         pid_t agent) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing is left running when the agent is killed
    if (::getppid() != agent) ::_exit(1);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    if (config_fd == config_number)
        ::fcntl(config_fd, F_SETFD, 0);
    else if (config_fd >= 0)
        ::dup2(config_fd, config_number);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (limit_memory) {
        const rlimit memory{limits.memory, limits.memory};
        ::setrlimit(RLIMIT_AS, &memory);
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::execvp(program.c_str(), arguments.data());
    const std::string message = fmt::format("{}: {}\n", program, std::strerror(errno));
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
    ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(sd_event* event, const std::string& program,
                                            const std::vector<std::string>& arguments,
                                            int config_fd, const ChildLimits& limits,
                                            Callbacks callbacks) {
    int output[2], error[2];
    if (::pipe2(output, O_CLOEXEC) != 0)
        return fail(ErrorKind::failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    if (::pipe2(error, O_CLOEXEC) != 0) {
        const int code = errno;
        ::close(output[0]);
        ::close(output[1]);
        return fail(ErrorKind::failed, fmt::format("cannot make a pipe: {}", std::strerror(code)));
    }
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);

    std::unique_ptr<Child> child(new Child(event, limits, std::move(callbacks)));
    const pid_t agent = ::getpid();
    child->pid_ = ::fork();
    if (child->pid_ == 0) become(program, pointers, config_fd, output[1], error[1], limits, agent);
    const int fork_error = errno;
    ::close(output[1]);
    ::close(error[1]);
    child->output_fd_ = output[0];
    child->error_fd_ = error[0];
    if (child->pid_ < 0)
        return fail(ErrorKind::failed, fmt::format("cannot fork: {}", std::strerror(fork_error)));
    ::fcntl(output[0], F_SETFL, O_NONBLOCK);
    ::fcntl(error[0], F_SETFL, O_NONBLOCK);

    Child* const self = child.get();
    sd_event_source* source = nullptr;
    if (sd_event_add_io(
            event, &source, output[0], EPOLLIN,
            [](sd_event_source*, int, uint32_t, void* data) {
                static_cast<Child*>(data)->read_output();
                return 0;
            },
            self) >= 0)
        child->output_source_.reset(source);
    source = nullptr;
    if (sd_event_add_io(
            event, &source, error[0], EPOLLIN,
            [](sd_event_source*, int, uint32_t, void* data) {
                static_cast<Child*>(data)->read_error();
                return 0;
            },
            self) >= 0)
        child->error_source_.reset(source);
    source = nullptr;
    const int added = sd_event_add_child(
        event, &source, child->pid_, WEXITED,
        [](sd_event_source*, const siginfo_t* info, void* data) {
            static_cast<Child*>(data)->exited(info->si_code, info->si_status);
            return 0;
        },
        self);
    if (added < 0)
        return fail(ErrorKind::failed,
                    fmt::format("cannot watch a child: {}", std::strerror(-added)));
    child->child_source_.reset(source);
    // What it printed is read before its end is told.
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 10);
    child->set_timer(limits.deadline);
    return child;
}

Child::~Child() {
    if (child_source_ && pid_ > 0) ::kill(-pid_, SIGKILL);
    close_descriptor(output_fd_);
    close_descriptor(error_fd_);
}

void Child::set_timer(Seconds from_now) {
    uint64_t now = 0;
    sd_event_now(event_, CLOCK_BOOTTIME, &now);
    const uint64_t at = now + static_cast<uint64_t>(from_now * 1e6);
    if (timer_) {
        sd_event_source_set_time(timer_.get(), at);
        sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
        return;
    }
    sd_event_source* source = nullptr;
    if (sd_event_add_time(
            event_, &source, CLOCK_BOOTTIME, at, 250000,
            [](sd_event_source*, uint64_t, void* data) {
                static_cast<Child*>(data)->escalate();
                return 0;
            },
            this) >= 0)
        timer_.reset(source);
}

void Child::extend() {
    if (signals_sent_ > 0) return;
    output_size_ = 0;
    set_timer(limits_.deadline);
}

void Child::stop(const std::string& why) {
    limit_reached(why);
}

void Child::limit_reached(const std::string& why) {
    if (ended_ || signals_sent_ > 0) return;
    why_killed_ = why;
    output_source_.reset();  // nothing more from it counts
    escalate();
}

// The deadline has passed, or the last signal had no effect.
void Child::escalate() {
    if (ended_) return;
    if (why_killed_.empty())
        why_killed_ = fmt::format("did not answer within {}", format_duration(limits_.deadline));
    switch (signals_sent_++) {
        case 0:
            ::kill(-pid_, SIGTERM);
            break;
        case 1:
            ::kill(-pid_, SIGKILL);
            break;
        default:
            finish(ChildEnd::abandoned,
                   why_killed_ + ", and cannot be killed: it is stuck in the kernel");
            return;
    }
    set_timer(kill_interval);
}

void Child::read_output() {
    char piece[32768];
    const ssize_t count = ::read(output_fd_, piece, sizeof piece);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        output_source_.reset();
        return;
    }
    output_size_ += static_cast<size_t>(count);
    buffer_.append(piece, static_cast<size_t>(count));
    take_lines();
    if (output_size_ > limits_.output)
        limit_reached(
            fmt::format("printed more than {}", format_size(static_cast<double>(limits_.output))));
    else if (buffer_.size() > limits_.line_length)
        limit_reached(fmt::format("printed a line longer than {}",
                                  format_size(static_cast<double>(limits_.line_length))));
}

void Child::take_lines() {
    size_t start = 0;
    for (size_t end; (end = buffer_.find('\n', start)) != buffer_.npos; start = end + 1)
        if (end > start) callbacks_.line(std::string_view(buffer_).substr(start, end - start));
    buffer_.erase(0, start);
}

void Child::read_error() {
    char piece[4096];
    const ssize_t count = ::read(error_fd_, piece, sizeof piece);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        error_source_.reset();
        return;
    }
    // The last words count: they tell why it ended.
    error_text_.append(piece, static_cast<size_t>(count));
    if (error_text_.size() > error_limit) error_text_.erase(0, error_text_.size() - error_limit);
}

void Child::exited(int code, int status) {
    child_source_.reset();
    timer_.reset();
    ::kill(-pid_, SIGKILL);  // what it started and left behind
    if (ended_) {            // abandoned long ago
        const auto tell = std::move(callbacks_.gone);
        if (tell) tell();  // may destroy this
        return;
    }
    if (output_source_) {  // what is left in the pipe; a grandchild may hold it open, so no waiting
                           // for its end
        for (int round = 0; round < 64 && output_source_; ++round) {
            const size_t before = output_size_;
            read_output();
            if (output_size_ == before) break;
        }
    }
    if (error_source_) read_error();
    if (signals_sent_ > 0) return finish(ChildEnd::killed, why_killed_);
    if (code == CLD_EXITED && status == 0) return finish(ChildEnd::finished, "");
    while (!error_text_.empty() && std::isspace(static_cast<unsigned char>(error_text_.back())))
        error_text_.pop_back();
    std::string words = error_text_.substr(error_text_.rfind('\n') + 1);
    if (words.starts_with("lastgood: ")) words.erase(0, 10);
    const std::string how =
        code == CLD_EXITED ? fmt::format("exit status {}", status)
                           : fmt::format("killed by signal {} ({})", status, ::strsignal(status));
    finish(ChildEnd::failed, words.empty()        ? how
                             : code == CLD_EXITED ? words
                                                  : fmt::format("{}: {}", how, words));
}

void Child::finish(ChildEnd end, const std::string& message_text) {
    const std::string message = message_text;  // it may be a member
    ended_ = true;
    timer_.reset();
    output_source_.reset();
    error_source_.reset();
    const auto tell = std::move(callbacks_.end);
    tell(end, message);  // may destroy this
}

}  // namespace lastgood
