#include "core/descendants.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/child_process.hpp"

using namespace lastgood;

namespace {

constexpr Seconds patience = 30;

// One in a session of its own, one whose parent ends at once, and one that is both and has a child.
// All hold descriptor 3.
constexpr const char* hiding =
    "setsid sleep 600 & (sleep 600 &); (setsid sh -c 'sleep 600 & sleep 600' &); ";

// Exit status of `body`, run in a copy of this process, because it changes the whole process.
int status_of(const std::function<int()>& body, const ChildSettings& settings = {}) {
    auto child = ChildProcess::start(body, settings);
    REQUIRE(child.has_value());
    const auto end = child->wait(3 * patience);
    REQUIRE(end.has_value());
    REQUIRE_FALSE(end->by_signal);
    return end->status;
}

bool is_closed(const Descriptor& read_end) {
    pollfd source{read_end.get(), POLLIN, 0};
    char piece[256];
    while (::poll(&source, 1, static_cast<int>(patience * 1000)) > 0)
        if (::read(read_end.get(), piece, sizeof piece) <= 0) return true;
    return false;
}

std::vector<std::string> sh(const std::string& script) {
    return {"sh", "-c", script};
}

}  // namespace

TEST_CASE("what a program leaves behind ends with it, wherever it hides") {
    CHECK(status_of([] {
              adopt_orphans();
              auto pipe = open_pipe();
              auto child = ChildProcess::start("sh", sh(hiding + std::string("exit 3")),
                                               {.extra = pipe->write.get()});
              auto other = ChildProcess::start("sleep", {"sleep", "600"});
              if (!child || !other) return 1;
              pipe->write.close();
              const auto end = child->wait(patience);
              if (!end || end->status != 3) return 2;
              wait_for_orphans(patience);
              if (!is_closed(pipe->read)) return 3;
              return other->has_ended() ? 4 : 0;
          }) == 0);
}

TEST_CASE("orphans are held until they have ended") {
    CHECK(status_of([] {
              adopt_orphans();
              auto pipe = open_pipe();
              auto child = ChildProcess::start("sh", sh(hiding + std::string("sleep 600")),
                                               {.extra = pipe->write.get(), .own_session = true});
              pipe->write.close();
              Orphans orphans, others;
              if (!child || orphans.remain()) return 1;
              child->signal(SIGKILL);
              if (!child->wait(patience)) return 2;
              orphans.take();
              others.take();
              for (int round = 0; orphans.remain() && round < 3000; ++round) ::usleep(10'000);
              if (orphans.remain()) return 3;
              return is_closed(pipe->read) ? 0 : 4;
          }) == 0);
}

TEST_CASE("a destroyed child is reaped later") {
    CHECK(status_of([] {
              adopt_orphans();
              {
                  auto child = ChildProcess::start("sleep", {"sleep", "600"});
                  if (!child) return 1;
              }
              wait_for_orphans(patience);
              siginfo_t info{};
              return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 && errno == ECHILD ? 0 : 2;
          }) == 0);
}

// A collector with a hanging program, and the agent that started it.
TEST_CASE("a collector that is told to end, or whose agent is killed, takes its programs along") {
    for (const bool kill_agent : {false, true}) {
        CAPTURE(kill_agent);
        auto pipe = open_pipe();
        REQUIRE(pipe.has_value());
        const auto collector = [] {
            end_with_descendants();
            auto program =
                ChildProcess::start("sh", sh(hiding + std::string("echo up >&3; sleep 600")),
                                    {.extra = ChildProcess::extra_number});
            ::close(ChildProcess::extra_number);
            for (;;) ::pause();
            return 1;
        };
        const auto agent = [&] {
            auto child = ChildProcess::start(collector, {.extra = ChildProcess::extra_number});
            char up[4];
            if (!child || ::read(STDIN_FILENO, up, sizeof up) != 3) return 1;
            ::close(ChildProcess::extra_number);
            if (kill_agent) ::kill(::getpid(), SIGKILL);
            child->signal(SIGTERM);
            const auto end = child->wait(patience);
            return end && end->by_signal && end->status == SIGTERM ? 0 : 2;
        };
        auto child =
            ChildProcess::start(agent, {.input = pipe->read.get(), .extra = pipe->write.get()});
        REQUIRE(child.has_value());
        pipe->write.close();
        const auto end = child->wait(2 * patience);
        REQUIRE(end.has_value());
        CHECK(end->by_signal == kill_agent);
        if (!kill_agent) CHECK(end->status == 0);
        CHECK(is_closed(pipe->read));
    }
}

TEST_CASE("an agent finds what an earlier one in the same directory left behind") {
    CHECK(
        status_of([] {
            const std::string directory = "/run/lastgood-test";
            mark_children(directory);
            const auto start = [](const std::vector<std::string>& environment) {
                return ChildProcess::start("sleep", {"sleep", "600"}, {.environment = environment});
            };
            auto left = start({"LASTGOOD_AGENT=/run/lastgood-test 1.1"});
            auto other = start({"LASTGOOD_AGENT=/run/lastgood-test-2 1.1"}), own = start({});
            if (!left || !other || !own) return 1;
            int found = 0;  // until exec they have the environment of this process
            for (int round = 0; found == 0 && round < 3000; ++round) {
                auto sweeper = sweep_after_earlier_agent(directory);
                const auto swept = sweeper ? sweeper->wait(patience) : std::nullopt;
                if (!swept || swept->by_signal) return 2;
                found = swept->status;
                ::usleep(10'000);
            }
            if (found != 1) return 3;
            const auto end = left->wait(patience);
            if (!end || !end->by_signal) return 4;
            return other->has_ended() || own->has_ended() ? 5 : 0;
        }) == 0);
}
