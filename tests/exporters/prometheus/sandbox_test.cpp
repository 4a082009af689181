#include "exporters/prometheus/sandbox.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include "core/host.hpp"
#include "exporters/prometheus/privileges.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

// The exit status of a process that does this in the sandbox; 100: there is no sandbox.
int in_the_sandbox(const std::function<int()>& action) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (!give_up_privileges("nobody") || !enter_sandbox() || !in_sandbox()) ::_exit(100);
        ::_exit(action());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// 0: the call is forbidden. 1: it fails otherwise; 2: it succeeds.
int forbidden(long result) {
    return result >= 0 ? 2 : errno == EPERM ? 0 : 1;
}

}  // namespace

TEST_CASE("in the sandbox what a listener never does is forbidden") {
    const auto opens = [](int flags) { return forbidden(::open("/tmp/x", flags, 0600)); };
    CHECK(in_the_sandbox([] { return forbidden(::execl("/bin/true", "true", nullptr)); }) == 0);
    CHECK(in_the_sandbox([] {
              return forbidden(::syscall(SYS_execveat, -1, "/bin/true", nullptr, nullptr, 0));
          }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::fork()); }) == 0);
    CHECK(in_the_sandbox([&] { return opens(O_WRONLY); }) == 0);
    CHECK(in_the_sandbox([&] { return opens(O_RDWR); }) == 0);
    CHECK(in_the_sandbox([&] { return opens(O_RDONLY | O_CREAT); }) == 0);
    CHECK(in_the_sandbox([&] { return opens(O_RDONLY | O_TRUNC); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::unlink("/tmp/x")); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::mkdir("/tmp/x", 0700)); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::chmod("/tmp", 0700)); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }) ==
          0);
    CHECK(in_the_sandbox([] { return forbidden(::kill(::getpid(), 0)); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::socket(AF_INET, SOCK_STREAM, 0)); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::socket(AF_NETLINK, SOCK_RAW, 0)); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::syscall(SYS_io_uring_setup, 1, nullptr)); }) == 0);
    CHECK(in_the_sandbox([] { return forbidden(::syscall(SYS_bpf, 0, nullptr, 0)); }) == 0);
}

TEST_CASE("in the sandbox what a listener does works") {
    CHECK(in_the_sandbox([] { return Host().read("/proc/self/stat") ? 0 : 1; }) == 0);
    CHECK(in_the_sandbox([] { return ::socket(AF_UNIX, SOCK_DGRAM, 0) >= 0 ? 0 : 1; }) == 0);
    CHECK(in_the_sandbox([] {
              int answer = 1;
              std::thread([&] { answer = 0; }).join();
              return answer;
          }) == 0);
    // Threads that run already are in it, too.
    const pid_t child = ::fork();
    if (child == 0) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) ::_exit(3);
        int answer = 4;
        std::thread earlier([&] {
            char go = 0;
            if (::read(ends[1], &go, 1) == 1) answer = forbidden(::socket(AF_INET, SOCK_STREAM, 0));
        });
        const bool entered = give_up_privileges("nobody") && enter_sandbox();
        [[maybe_unused]] const auto sent = ::write(ends[0], "g", 1);
        earlier.join();
        ::_exit(entered ? answer : 100);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
