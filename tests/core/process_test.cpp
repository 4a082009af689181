#include "core/process.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/time.h>

using namespace lastgood;

namespace {

// Interrupts this process's system calls every 2 ms.
class Interruptions {
  public:
    Interruptions() {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        ::sigaction(SIGALRM, &action, &before_);  // without SA_RESTART
        const itimerval often{{0, 2000}, {0, 2000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    ~Interruptions() {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }
    Interruptions(const Interruptions&) = delete;
    Interruptions& operator=(const Interruptions&) = delete;

  private:
    struct sigaction before_ {};
};

}  // namespace

TEST_CASE("signals do not end the reading of a command's output, nor make it miss its deadline") {
    const Interruptions interruptions;
    const auto whole = run_process(
        {.arguments = {"sh", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.05; done"},
         .deadline = 30});
    REQUIRE(whole.has_value());
    CHECK(whole->standard_output == "1\n2\n3\n4\n5\n6\n");
    const auto late =
        run_process({.arguments = {"sh", "-c", "echo begun; exec sleep 60"}, .deadline = 0.3});
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().kind == ErrorKind::timed_out);
}
