#include "core/child_process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/process.hpp"
#include "core/text.hpp"
#include "tests/no_pidfd.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Seconds patience = 30;

ChildProcess started(Result<ChildProcess> child) {
    REQUIRE(child.has_value());
    return std::move(*child);
}

ChildProcess shell(const std::string& script, const ChildSettings& settings = {}) {
    return started(ChildProcess::start("sh", {"sh", "-c", script}, settings));
}

ProcessEnd end_of(ChildProcess child) {
    const auto end = child.wait(patience);
    REQUIRE(end.has_value());
    return *end;
}

// Exit status of `body`, run in a copy of this process.
int status_of(const std::function<int()>& body) {
    const ProcessEnd end = end_of(started(ChildProcess::start(body)));
    REQUIRE_FALSE(end.by_signal);
    return end.status;
}

Pipe new_pipe() {
    auto pipe = open_pipe();
    REQUIRE(pipe.has_value());
    return std::move(*pipe);
}

// QEMU's emulation of a user's processes says yes to RLIMIT_AS and sets nothing.
bool address_space_can_be_limited() {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_AS, &before) == 0);
    const rlimit lowered{rlim_t{1} << 40, before.rlim_max};
    rlimit found{};
    const bool can = ::setrlimit(RLIMIT_AS, &lowered) == 0 && ::getrlimit(RLIMIT_AS, &found) == 0 &&
                     found.rlim_cur == lowered.rlim_cur;
    REQUIRE(::setrlimit(RLIMIT_AS, &before) == 0);
    return can;
}

// True if all writers have closed the pipe within `limit` seconds; skips data.
bool is_closed(const Descriptor& read_end, Seconds limit) {
    pollfd source{read_end.get(), POLLIN, 0};
    char piece[256];
    while (::poll(&source, 1, static_cast<int>(limit * 1000)) > 0)
        if (::read(read_end.get(), piece, sizeof piece) <= 0) return true;
    return false;
}

std::string text_of(const Descriptor& read_end) {
    std::string text;
    char piece[256];
    for (ssize_t count; (count = ::read(read_end.get(), piece, sizeof piece)) > 0;)
        text.append(piece, static_cast<size_t>(count));
    return text;
}

}  // namespace

TEST_CASE("reap reports exit status, signal or exec error once") {
    CHECK(end_of(shell("exit 3")).status == 3);
    CHECK(end_of(shell("exit 0")).succeeded());
    const ProcessEnd killed = end_of(shell("kill -SEGV $$"));
    CHECK(killed.by_signal);
    CHECK(killed.status == SIGSEGV);
    CHECK(status_of([] { return 5; }) == 5);
    CHECK(end_of(started(ChildProcess::start("/no/such/program", {"x"}))).exec_error == ENOENT);
    const ProcessEnd denied = end_of(started(ChildProcess::start("/etc/passwd", {"x"})));
    CHECK(denied.exec_error == EACCES);
    CHECK_FALSE(denied.succeeded());

    ChildProcess child = shell("exit 0");
    REQUIRE(child.wait(patience).has_value());
    CHECK(child.has_ended());
    CHECK_FALSE(child.wait(patience).has_value());  // reported once, then no more waiting
}

TEST_CASE("a child gets only the requested descriptors") {
    const int stray = ::fcntl(STDIN_FILENO, F_DUPFD, 57);  // not close-on-exec
    REQUIRE(stray >= 57);
    Pipe output = new_pipe(), extra = new_pipe();
    const std::string look = fmt::format(
        "[ -e /proc/self/fd/{} ] && echo stray; [ -e /proc/self/fd/3 ] && echo three; "
        "for number in 4 5 6 7 8 9 10 11 12 13 14; do "
        "[ -e /proc/self/fd/$number ] && echo more; done; cat; readlink /proc/self/fd/2",
        stray);
    ChildProcess child = shell(look, {.output = output.write.get()});
    output.write.close();
    CHECK(text_of(output.read) == "/dev/null\n");
    CHECK(end_of(std::move(child)).succeeded());

    output = new_pipe();
    child = shell("echo three >&3", {.output = output.write.get(), .extra = extra.write.get()});
    output.write.close();
    extra.write.close();
    CHECK(text_of(extra.read) == "three\n");
    CHECK(text_of(output.read).empty());
    CHECK(end_of(std::move(child)).succeeded());

    // A copy of this process does not keep them either.
    extra = new_pipe();
    child = started(ChildProcess::start(
        [&] {
            int open = 0;
            for (int fd = 0; fd < 1000; ++fd) open += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
            return open;
        },
        {.extra = extra.write.get()}));
    CHECK(end_of(std::move(child)).status == 4);
    ::close(stray);
}

TEST_CASE("our descriptors may already have the numbers 0 to 3") {
    CHECK(status_of([] {
              for (const int number : {0, 1, 2, 3}) ::close(number);
              const auto first = open_pipe(), second = open_pipe(), third = open_pipe();
              if (!first || !second || !third || second->read.get() != 2) return 1;
              auto child = ChildProcess::start("sh", {"sh", "-c", "read x; echo $x >&3"},
                                               {.input = first->read.get(),
                                                .output = second->read.get(),
                                                .extra = third->write.get()});
              if (!child || ::write(first->write.get(), "hello\n", 6) != 6) return 2;
              char piece[16] = "";
              if (::read(third->read.get(), piece, sizeof piece - 1) != 6) return 3;
              return std::string_view(piece) == "hello\n" ? 0 : 4;
          }) == 0);
}

TEST_CASE("a child starts with no blocked or ignored signals") {
    CHECK(status_of([] {
              ::signal(SIGUSR1, SIG_IGN);
              ::signal(SIGPIPE, SIG_IGN);
              sigset_t blocked;
              sigemptyset(&blocked);
              sigaddset(&blocked, SIGTERM);
              ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
              auto program = ChildProcess::start(
                  "grep", {"grep", "-cE", "^Sig(Blk|Ign):\\s*0+$", "/proc/self/status"});
              auto end = program ? program->wait(patience) : std::nullopt;
              if (!end || !end->succeeded()) return 1;
              auto copy = ChildProcess::start([] {
                  ::raise(SIGUSR1);
                  return 0;
              });
              end = copy ? copy->wait(patience) : std::nullopt;
              if (!end || !end->by_signal || end->status != SIGUSR1) return 2;
              sigset_t now;
              ::sigprocmask(SIG_SETMASK, nullptr, &now);
              return sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGHUP) == 0 ? 0 : 3;
          }) == 0);
}

TEST_CASE("a program gets a fixed environment, a directory and a umask, whatever ours are") {
    CHECK(status_of([] {
              for (const char* name : {"LD_PRELOAD", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY",
                                       "SECRET", "BASH_ENV", "PATH", "LC_ALL"})
                  ::setenv(name, "", 1);
              ::setenv("TZ", "Asia/Tokyo", 1);
              ::setenv("LASTGOOD_TESTS_RUN", "the mark", 1);
              ::umask(0);
              const auto seen = run_process({{"sh", "-c", "env | cut -d= -f1; pwd; umask"}});
              if (!seen || seen->exit_status != 0) return 1;
              std::vector<std::string> lines;
              for (std::string_view rest = seen->standard_output; !rest.empty();)
                  lines.emplace_back(take_line(rest));
              if (lines.size() < 2 || lines.back() != "0077") return 2;
              lines.pop_back();
              if (lines.back() != "/") return 3;
              lines.pop_back();
              std::ranges::sort(lines);
              std::erase(lines, "PWD");  // by sh
              std::erase_if(lines, [](const auto& name) { return name.ends_with("SAN_OPTIONS"); });
              return lines == std::vector<std::string>{"HOME", "LASTGOOD_TESTS_RUN", "LC_ALL",
                                                       "PATH", "TZ"}
                         ? 0
                         : 4;
          }) == 0);
    CHECK(end_of(shell(fmt::format("[ $PATH = {} ] && [ $LC_ALL = C.UTF-8 ]", program_path)))
              .succeeded());
    CHECK(end_of(started(ChildProcess::start("printenv", {"printenv", "LASTGOOD_OTHER"},
                                             {.environment = {"LASTGOOD_OTHER=x"}})))
              .succeeded());
}

TEST_CASE("a program is found in the fixed directories only, never in the working directory") {
    const test::TemporaryDirectory directory;
    directory.write("smartctl", "#!/bin/sh\nexit 7\n");
    std::filesystem::permissions(directory.at("smartctl"), std::filesystem::perms::owner_all);
    CHECK(status_of([&] {
              if (::chdir(directory.path.c_str()) != 0) return 1;
              for (const std::string& path : {std::string(), directory.path, std::string(":.")}) {
                  ::setenv("PATH", path.c_str(), 1);
                  const auto found = run_process({{"smartctl", "--version"}});
                  if (found ? found->exit_status == 7 : found.error().kind != ErrorKind::absent)
                      return 2;
                  for (const char* relative : {"./smartctl", "../x/smartctl", ""})
                      if (ChildProcess::start(relative, {relative})) return 3;
              }
              return 0;
          }) == 0);
    const auto refused = ChildProcess::start("./smartctl", {"smartctl"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message == "\"./smartctl\" is neither an absolute path nor a name");
    const auto given = run_process({{"smartctl"}}, ".:" + directory.path);
    REQUIRE(given.has_value());
    CHECK(given->exit_status == 7);
}

TEST_CASE("a signal does not end the reading of a program's output") {
    CHECK(status_of([] {
              struct sigaction action {};
              action.sa_handler = [](int) {};
              ::sigaction(SIGALRM, &action, nullptr);
              const itimerval often{{0, 5000}, {0, 5000}};
              ::setitimer(ITIMER_REAL, &often, nullptr);
              const auto seen = run_process({{"sh", "-c", "echo one; sleep 0.2; echo two"}});
              if (!seen) return 1;
              return seen->standard_output == "one\ntwo\n" ? 0 : 2;
          }) == 0);
}

TEST_CASE("a child has its memory limit, and dumps no core") {
    if (!address_space_can_be_limited()) {
        test::skip("this system does not limit the address space (RLIMIT_AS)");
        return;
    }
    // Our own limit of core dumps is often 0 already.
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_CORE, &before) == 0);
    const rlimit raised{before.rlim_max, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_CORE, &raised) == 0);
    CHECK(end_of(shell("[ $(ulimit -v) = 1048576 ] && [ $(ulimit -c) = 0 ]",
                       {.memory_limit = size_t{1} << 30}))
              .succeeded());
    ::setrlimit(RLIMIT_CORE, &before);
    // A limit that is lower already, as of a container, stays.
    CHECK(status_of([] {
              const rlimit lower{rlim_t{1} << 46, rlim_t{1} << 46};  // sanitizers reserve much
              if (::setrlimit(RLIMIT_AS, &lower) != 0) return 1;
              auto child = ChildProcess::start("sh", {"sh", "-c", "[ $(ulimit -v) = 68719476736 ]"},
                                               {.memory_limit = size_t{1} << 47});
              const auto end = child ? child->wait(patience) : std::nullopt;
              return end && end->succeeded() ? 0 : 2;
          }) == 0);
}

TEST_CASE("the whole process group ends with the child") {
    Pipe pipe = new_pipe();
    ChildProcess child = shell("sleep 600 & exit 0", {.extra = pipe.write.get()});
    pipe.write.close();
    CHECK(end_of(std::move(child)).succeeded());
    CHECK(is_closed(pipe.read, patience));

    pipe = new_pipe();
    child = shell("sleep 600 & sleep 600", {.extra = pipe.write.get()});
    pipe.write.close();
    child = {};  // destroys the child
    CHECK(is_closed(pipe.read, patience));
}

TEST_CASE("a child that has left its group is still told to end") {
    Pipe pipe = new_pipe();
    ChildProcess child = started(ChildProcess::start(
        [] {
            ::signal(SIGTERM, SIG_IGN);
            if (::setpgid(0, ::getpgid(::getppid())) != 0) return 1;
            if (::write(ChildProcess::extra_number, "up\n", 3) != 3) return 2;
            for (;;) ::pause();
        },
        {.extra = pipe.write.get()}));
    char up[4];
    REQUIRE(::read(pipe.read.get(), up, sizeof up) == 3);
    CHECK(child.escalate());
    CHECK_FALSE(child.wait(0.1).has_value());
    CHECK(child.escalate());
    const auto end = child.wait(patience);
    REQUIRE(end.has_value());
    CHECK(end->status == SIGKILL);
}

TEST_CASE("escalate sends SIGTERM, then SIGKILL, then gives up") {
    Pipe pipe = new_pipe();
    ChildProcess child = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done",
                               {.output = pipe.write.get()});
    char ready[8];
    REQUIRE(::read(pipe.read.get(), ready, sizeof ready) == 6);
    CHECK_FALSE(child.wait(0).has_value());
    CHECK(child.escalate());
    CHECK(child.was_told_to_end());
    CHECK_FALSE(child.wait(0.1).has_value());
    CHECK(child.escalate());
    const auto end = child.wait(patience);
    REQUIRE(end.has_value());
    CHECK(end->status == SIGKILL);
    CHECK_FALSE(child.escalate());
}

TEST_CASE("a child ends when the thread that started it ends") {
    Pipe pipe = new_pipe();
    ChildProcess parent = started(ChildProcess::start(
        [&] {
            auto child = ChildProcess::start("sh", {"sh", "-c", "echo up >&3; exec sleep 600"},
                                             {.extra = ChildProcess::extra_number});
            ::close(ChildProcess::extra_number);
            ::pause();
            return 0;
        },
        {.extra = pipe.write.get()}));
    pipe.write.close();
    char up[4];
    REQUIRE(::read(pipe.read.get(), up, sizeof up) == 3);
    CHECK_FALSE(is_closed(pipe.read, 0.1));
    parent.signal(SIGKILL);
    CHECK(is_closed(pipe.read, patience));

    // For the kernel, the parent is a thread.
    ChildProcess child;
    pipe = new_pipe();
    std::thread([&] {
        child = shell("echo up; exec sleep 600", {.output = pipe.write.get()});
        CHECK(::read(pipe.read.get(), up, sizeof up) == 3);
    }).join();
    const auto end = child.wait(patience);
    REQUIRE(end.has_value());
    CHECK(end->status == SIGKILL);
}

TEST_CASE("with SIGCHLD ignored, the exit status is unknown") {
    CHECK(status_of([] {
              ::signal(SIGCHLD, SIG_IGN);
              auto child = ChildProcess::start("true", {"true"});
              const auto end = child ? child->wait(patience) : std::nullopt;
              return end ? end->exec_error : -1;
          }) == ECHILD);
}

TEST_CASE("children work on a kernel without pidfd_open and close_range") {
    constexpr int no_filters = 77;
    const int status = status_of([] {
        const int stray = ::fcntl(STDIN_FILENO, F_DUPFD, 57);
        if (!test::forbid_pidfds()) return no_filters;
        const auto sh = [](const std::string& script, Seconds deadline) {
            Command command{{"sh", "-c", script}};
            command.deadline = deadline;
            return run_process(command);
        };
        const auto fine = sh("echo out; exit 3", patience);
        if (!fine || fine->standard_output != "out\n" || fine->exit_status != 3) return 1;
        const auto left = sh("sleep 600 & echo left", patience);
        if (!left || left->standard_output != "left\n") return 2;
        const auto late = sh("sleep 600", 0.2);
        if (late || late.error().message != "sh: did not end within 200 ms") return 3;
        const auto open = sh(fmt::format("[ -e /proc/self/fd/{} ]", stray), patience);
        if (!open || open->exit_status != 1) return 4;
        auto copy = ChildProcess::start([&] { return ::fcntl(stray, F_GETFD) < 0 ? 0 : 1; });
        if (!copy || copy->pidfd() >= 0) return 5;
        const auto end = copy->wait(patience);
        return end && end->succeeded() ? 0 : 6;
    });
    if (status == no_filters)
        test::skip("this kernel has no seccomp filters");
    else
        CHECK(status == 0);
}
