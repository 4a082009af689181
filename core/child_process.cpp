#include "core/child_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "core/clock.hpp"
#include "core/descendants.hpp"
#include "core/sanitizers.hpp"

namespace lastgood {

namespace {

constexpr int first_spare = 10;         // above the child's own descriptor numbers (0 to 3)
constexpr Seconds ask_again = 0.02;     // poll interval if there is no pidfd
constexpr rlim_t most_closed = 65'536;  // descriptors, if the kernel lacks close_range(2)
constexpr int not_started = 127;        // exit status of a failed exec, as in sh

Failure no(std::string_view what) {
    return fail(ErrorKind::failed, fmt::format("cannot {}: {}", what, errno_text(errno)));
}

// The paths under which the program is tried, in order; empty: none is allowed.
std::vector<std::string> candidates(const std::string& program, std::string_view search_path) {
    if (program.starts_with('/')) return {program};
    std::vector<std::string> paths;
    if (program.empty() || program.find('/') != program.npos) return paths;
    while (!search_path.empty()) {
        const std::string_view directory = search_path.substr(0, search_path.find(':'));
        if (directory.starts_with('/')) paths.push_back(fmt::format("{}/{}", directory, program));
        search_path.remove_prefix(std::min(directory.size() + 1, search_path.size()));
    }
    return paths;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);  // with the null pointer behind them
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    return pointers;
}

}  // namespace

std::vector<std::string> clean_environment() {
    std::vector<std::string> clean{fmt::format("PATH={}", program_path),
                                   ::geteuid() == 0 ? "HOME=/root" : "HOME=/", "LC_ALL=C.UTF-8"};
    std::vector<const char*> passed_on{"TZ", agent_variable, "LASTGOOD_TESTS_RUN"};
    if (has_sanitizers)  // their options let a program write files
        passed_on.insert(passed_on.end(), {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"});
    for (const char* name : passed_on)
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment.
        if (const char* value = std::getenv(name))
            clean.push_back(fmt::format("{}={}", name, value));
    return clean;
}

// Everything that the child needs, allocated before the fork: another thread may hold the
// allocator's lock at that moment, so only system calls are allowed between fork and exec. (glibc's
// execvpe(3) is safe too, and leaves PATH alone if the path has a '/'. It runs a script without
// "#!" by sh.)
struct ChildProcess::Plan {
    std::vector<char*> programs;  // paths, tried in this order; empty: run `body`
    std::vector<char*> arguments, environment;
    const std::function<int()>* body = nullptr;

    std::array<int, 4> descriptors{};  // index: number in the child
    int exec_error = -1;
    pid_t parent = -1;
    size_t memory_limit = 0;
    bool own_session = false;

    [[noreturn]] void run();

  private:
    bool take_descriptors();
    void drop_descriptors(int first) const;
    void reset_signals() const;
    bool limit_resources() const;
    void execute();
    [[noreturn]] void give_up() const;
};

void ChildProcess::Plan::run() {
    if (own_session)
        ::setsid();
    else
        ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(not_started);  // the parent ended before prctl(2)
    if (!take_descriptors() || !limit_resources()) give_up();
    reset_signals();
    ::umask(077);
    [[maybe_unused]] const int moved = ::chdir("/");
    if (body != nullptr) {
        ::close(exec_error);
        ::_exit((*body)());
    }
    execute();
    give_up();
}

// Returns with errno, as execvpe(3) would for a PATH of these directories.
void ChildProcess::Plan::execute() {
    bool denied = false;
    errno = ENOENT;
    for (char* program : programs) {
        ::execvpe(program, arguments.data(), environment.data());
        if (errno == EACCES)
            denied = true;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
    }
    if (denied) errno = EACCES;
}

void ChildProcess::Plan::give_up() const {
    const int code = errno;
    [[maybe_unused]] const ssize_t written = ::write(exec_error, &code, sizeof code);
    ::_exit(not_started);
}

// Moves all descriptors to high numbers first: one may have a number that another will get.
bool ChildProcess::Plan::take_descriptors() {
    const int moved = ::fcntl(exec_error, F_DUPFD_CLOEXEC, first_spare);
    if (moved < 0) return false;
    exec_error = moved;
    for (int& descriptor : descriptors)
        if (descriptor >= 0 && (descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, first_spare)) < 0)
            return false;
    int number = 0;
    for (const int descriptor : descriptors) {
        if (descriptor >= 0 && ::dup2(descriptor, number) < 0) return false;
        ++number;
    }
    drop_descriptors(descriptors[extra_number] >= 0 ? extra_number + 1 : extra_number);
    return true;
}

// Drops all descriptors from `first` on. Those of a program are only marked close-on-exec, so that
// exec_error still works until then.
void ChildProcess::Plan::drop_descriptors(int first) const {
    const auto from = static_cast<unsigned>(first), kept = static_cast<unsigned>(exec_error);
    if (body != nullptr) {
        if (::close_range(from, kept - 1, 0) == 0 && ::close_range(kept + 1, ~0U, 0) == 0) return;
    } else if (::close_range(from, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return;
    }
    // close_range(2) or its flag is missing (before Linux 5.11) or forbidden.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const int end = static_cast<int>(std::min(files.rlim_cur, most_closed));
    for (int fd = first; fd < end; ++fd)
        if (body != nullptr && fd != exec_error)
            ::close(fd);
        else
            ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void ChildProcess::Plan::reset_signals() const {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

bool ChildProcess::Plan::limit_resources() const {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    rlimit memory{};
    if (memory_limit == 0) return true;
    if (::getrlimit(RLIMIT_AS, &memory) != 0) return false;
    // A limit of this process may be lower, and raising it needs a privilege.
    memory.rlim_max = std::min<rlim_t>(memory_limit, memory.rlim_max);
    memory.rlim_cur = memory.rlim_max;
    return ::setrlimit(RLIMIT_AS, &memory) == 0;
}

Result<Pipe> open_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return no("make a pipe");
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

Result<ChildProcess> ChildProcess::start(const std::string& program,
                                         const std::vector<std::string>& arguments,
                                         const ChildSettings& settings) {
    const std::vector<std::string> paths = candidates(program, settings.search_path);
    if (paths.empty())
        return fail(ErrorKind::failed,
                    fmt::format("\"{}\" is neither an absolute path nor a name", program));
    std::vector<std::string> environment = settings.environment;
    for (std::string& variable : clean_environment()) environment.push_back(std::move(variable));
    Plan plan;
    plan.programs = pointers_to(paths);
    plan.arguments = pointers_to(arguments);
    plan.arguments.push_back(nullptr);
    plan.environment = pointers_to(environment);
    plan.environment.push_back(nullptr);
    return fork(settings, plan);
}

Result<ChildProcess> ChildProcess::start(const std::function<int()>& body,
                                         const ChildSettings& settings) {
    Plan plan;
    plan.body = &body;
    return fork(settings, plan);
}

Result<ChildProcess> ChildProcess::fork(const ChildSettings& settings, Plan& plan) {
    auto exec_error = open_pipe();
    if (!exec_error) return Failure(exec_error.error());
    ::fcntl(exec_error->read.get(), F_SETFL, O_NONBLOCK);
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null.get() < 0) return no("open /dev/null");
    plan.descriptors = {settings.input, settings.output, settings.error, settings.extra};
    for (size_t number = 0; number < extra_number; ++number)
        if (plan.descriptors[number] < 0) plan.descriptors[number] = null.get();
    plan.exec_error = exec_error->write.get();
    plan.memory_limit = settings.memory_limit;
    plan.own_session = settings.own_session;
    plan.parent = ::getpid();

    // Our signal handlers must not run in the child before it has reset them.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    ChildProcess child;
    child.pid_ = ::fork();
    if (child.pid_ == 0) plan.run();
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child.pid_ < 0) {
        errno = fork_error;
        return no("fork");
    }
    // parent and child both do this: a signal to the group may follow at once
    if (!settings.own_session) ::setpgid(child.pid_, child.pid_);
    add_child(child.pid_);
    child.pidfd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
    child.exec_error_ = std::move(exec_error->read);
    return child;
}

ChildProcess::~ChildProcess() {
    signal(SIGKILL);
    if (pid_ > 0 && !reap()) drop_child(pid_);  // kill_orphans() reaps it
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      exec_error_(std::move(other.exec_error_)),
      escalations_(other.escalations_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(exec_error_, other.exec_error_);
    std::swap(escalations_, other.escalations_);
    return *this;
}

// The process id cannot be reused before the child has been waited for, so P_PID is as safe as
// P_PIDFD and needs no pidfd.
bool ChildProcess::has_ended() const {
    siginfo_t info{};
    if (pid_ < 0) return true;
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

std::optional<ProcessEnd> ChildProcess::reap() {
    if (pid_ < 0 || !has_ended()) return std::nullopt;
    signal(SIGKILL);  // what the child left behind; the id is still the group's
    siginfo_t info{};
    ProcessEnd end;
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0) {
        end.by_signal = info.si_code != CLD_EXITED;
        end.status = info.si_status;
    } else {
        end.exec_error = errno;  // ECHILD: SIGCHLD is ignored here, so the kernel keeps no status
    }
    int code = 0;
    if (::read(exec_error_.get(), &code, sizeof code) == static_cast<ssize_t>(sizeof code))
        end.exec_error = code;
    drop_child(pid_);
    pid_ = -1;
    kill_orphans();
    return end;
}

std::optional<ProcessEnd> ChildProcess::wait(Seconds limit) {
    pollfd ended{pidfd_.get(), POLLIN, 0};
    const Seconds until = monotonic_clock() + limit;
    for (;;) {
        if (auto end = reap()) return end;
        const Seconds left = until - monotonic_clock();
        if (left <= 0 || pid_ < 0) return std::nullopt;
        ::poll(&ended, 1, poll_timeout(left));
    }
}

int ChildProcess::poll_timeout(Seconds left) const {
    const Seconds most = pidfd_.get() < 0 ? ask_again : 3600;
    return static_cast<int>(std::ceil(std::clamp(left, 0.0, most) * 1000));
}

void ChildProcess::signal(int number) {
    if (pid_ <= 0) return;
    ::kill(-pid_, number);
    // A child may leave its group (setpgid(2)); but a stopping signal must not come twice.
    if (::getpgid(pid_) != pid_) ::kill(pid_, number);
}

bool ChildProcess::escalate() {
    if (escalations_ >= 2) return false;
    signal(escalations_++ == 0 ? SIGTERM : SIGKILL);
    return true;
}

}  // namespace lastgood
