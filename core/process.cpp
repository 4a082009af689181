#include "core/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

extern char** environ;

namespace lastgood {

namespace {

constexpr size_t error_limit = 64 * 1024;

Seconds clock_now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) == 0) {
            read = ends[0];
            write = ends[1];
        }
    }
    ~Pipe() {
        close_write();
        close_read();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_write() { close_end(write); }
    void close_read() { close_end(read); }
    static void close_end(int& fd) {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
};

// Waits for the child without hanging; false: it is still there after `limit`.
bool reap(pid_t child, int pidfd, Seconds limit, int& wait_status) {
    pollfd ended{pidfd, POLLIN, 0};
    const Seconds end = clock_now() + limit;
    for (;;) {
        const pid_t got = ::waitpid(child, &wait_status, WNOHANG);
        if (got == child || (got < 0 && errno == ECHILD)) return true;
        const Seconds left = end - clock_now();
        if (left <= 0) return false;
        ::poll(&ended, 1, static_cast<int>(left * 1000) + 1);
    }
}

}  // namespace

Result<CommandOutput> run_process(const Command& command) {
    if (command.arguments.empty()) return fail(ErrorKind::failed, "no command");
    const std::string& name = command.arguments[0];
    Pipe output, error, started;  // `started` carries errno when exec fails
    if (output.read < 0 || error.read < 0 || started.read < 0)
        return fail(ErrorKind::failed,
                    fmt::format("{}: cannot make a pipe: {}", name, std::strerror(errno)));

    std::vector<char*> arguments;
    for (const std::string& argument : command.arguments)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    for (const std::string& setting : command.environment)
        environment.push_back(const_cast<char*>(setting.c_str()));
    for (char** setting = environ; *setting; ++setting) environment.push_back(*setting);
    environment.push_back(nullptr);

    const pid_t child = ::fork();
    if (child < 0)
        return fail(ErrorKind::failed,
                    fmt::format("{}: cannot fork: {}", name, std::strerror(errno)));
    if (child == 0) {
        ::setpgid(0, 0);
        const int null = ::open("/dev/null", O_RDONLY);
        ::dup2(null, 0);
        ::dup2(output.write, 1);
        ::dup2(error.write, 2);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::execvpe(arguments[0], arguments.data(), environment.data());
        const int code = errno;
        [[maybe_unused]] const ssize_t written = ::write(started.write, &code, sizeof code);
        ::_exit(127);
    }
    output.close_write();
    error.close_write();
    started.close_write();
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));

    CommandOutput result;
    bool too_long = false, too_much = false;
    const Seconds end = clock_now() + command.deadline;
    char buffer[16384];
    pollfd sources[3] = {{output.read, POLLIN, 0}, {error.read, POLLIN, 0}, {pidfd, POLLIN, 0}};
    while (sources[0].fd >= 0 || sources[1].fd >= 0) {
        const Seconds left = end - clock_now();
        if (left <= 0) {
            too_long = true;
            break;
        }
        if (::poll(sources, 3, static_cast<int>(left * 1000) + 1) < 0 && errno != EINTR) break;
        bool read_any = false;
        for (int index = 0; index < 2; ++index) {
            if (sources[index].fd < 0 || sources[index].revents == 0) continue;
            const ssize_t count = ::read(sources[index].fd, buffer, sizeof buffer);
            if (count <= 0) {
                sources[index].fd = -1;
                continue;
            }
            read_any = true;
            const auto piece = std::string_view(buffer, static_cast<size_t>(count));
            if (index == 0)
                result.standard_output += piece;
            else if (result.standard_error.size() < error_limit)
                result.standard_error += piece;
        }
        if (result.standard_output.size() > command.output_limit) {
            too_much = true;
            break;
        }
        // The child has ended and a grandchild holds the pipe open: what is there has been read.
        if (!read_any && sources[2].revents != 0) break;
    }

    int wait_status = 0;
    bool gone =
        !too_long && !too_much && reap(child, pidfd, std::max(0.0, end - clock_now()), wait_status);
    const bool killed = !gone;
    if (!gone) {
        ::kill(-child, SIGTERM);
        gone = reap(child, pidfd, 1, wait_status);
    }
    if (!gone) {
        ::kill(-child, SIGKILL);
        gone = reap(child, pidfd, 1, wait_status);
    }
    ::kill(-child, SIGKILL);  // what it started and left behind
    int exec_error = 0;
    const bool not_started = gone && ::read(started.read, &exec_error, sizeof exec_error) ==
                                         static_cast<ssize_t>(sizeof exec_error);
    if (pidfd >= 0) ::close(pidfd);
    if (!gone)
        return fail(ErrorKind::timed_out,
                    fmt::format("{}: did not end within {} and could not be killed", name,
                                format_duration(command.deadline)));
    if (not_started)
        return fail(exec_error == ENOENT ? ErrorKind::absent : ErrorKind::failed,
                    fmt::format("{}: {}", name, std::strerror(exec_error)));
    if (too_much)
        return fail(ErrorKind::failed,
                    fmt::format("{}: printed more than {}", name,
                                format_size(static_cast<double>(command.output_limit))));
    if (killed)
        return fail(ErrorKind::timed_out, fmt::format("{}: did not end within {}", name,
                                                      format_duration(command.deadline)));
    result.exit_status =
        WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    return result;
}

}  // namespace lastgood
