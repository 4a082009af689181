// Children that cannot be started, or not be watched.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cerrno>

#include "agent/supervise/child.hpp"
#include "core/child_process.hpp"
#include "core/descendants.hpp"
#include "core/text.hpp"
#include "tests/agent/supervise/played_loop.hpp"

using namespace lastgood;

namespace {

// Exit status of `body`, run in a copy of this process, because it changes the whole process.
int status_of(const std::function<int()>& body) {
    auto copy = ChildProcess::start(body);
    REQUIRE(copy.has_value());
    const auto end = copy->wait(120);
    REQUIRE(end.has_value());
    REQUIRE_FALSE(end->by_signal);
    return end->status;
}

bool has_no_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 && errno == ECHILD;
}

}  // namespace

TEST_CASE("a child that cannot be watched is killed and reaped") {
    CHECK(status_of([] {
              adopt_orphans();
              sd_event* event = nullptr;
              if (sd_event_new(&event) < 0) return 1;
              sd_event_exit(event, 0);
              sd_event_loop(event);  // from now on nothing can be added
              test::PlayedLoop clock;
              Child::Callbacks callbacks;
              callbacks.end = [](ChildEnd, const std::string&) {};
              const auto child = Child::start(event, clock, {"/bin/sleep", {"sleep", "600"}}, {},
                                              std::move(callbacks));
              if (child || !child.error().message.starts_with("cannot watch a child: ")) return 2;
              wait_for_orphans(30);
              sd_event_unref(event);
              return has_no_children() ? 0 : 3;
          }) == 0);
}

TEST_CASE("however few descriptors are left, a start fails with a reason or a run ends") {
    CHECK(status_of([] {
              adopt_orphans();
              sd_event* event = nullptr;
              if (sd_event_new(&event) < 0) return 1;
              test::PlayedLoop clock;
              rlimit files{};
              ::getrlimit(RLIMIT_NOFILE, &files);
              const int free_number = ::fcntl(STDIN_FILENO, F_DUPFD, 0);
              ::close(free_number);
              bool refused = false, worked = false;
              for (int more = 0; more < 30 && !worked; ++more) {
                  files.rlim_cur = static_cast<rlim_t>(free_number + more);
                  ::setrlimit(RLIMIT_NOFILE, &files);
                  std::optional<ChildEnd> end;
                  std::string why;
                  Child::Callbacks callbacks;
                  callbacks.end = [&](ChildEnd how, const std::string& message) {
                      end = how;
                      why = message;
                  };
                  auto child =
                      Child::start(event, clock, {"/bin/true", {"true"}}, {}, std::move(callbacks));
                  if (!child) {
                      refused = true;
                      if (!contains(child.error().message, "Too many open files")) return 2;
                      continue;
                  }
                  for (int round = 0; !end && round < 3000; ++round) sd_event_run(event, 10'000);
                  if (!end) return 3;
                  worked = end == ChildEnd::finished;
                  if (!worked && !contains(why, "Too many open files")) return 4;
              }
              return refused && worked ? 0 : 5;
          }) == 0);
}
