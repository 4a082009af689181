// Children that print without end beside others: counts, not times.
#include <doctest/doctest.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "agent/supervise/child.hpp"
#include "agent/supervise/event_loop.hpp"
#include "core/clock.hpp"
#include "core/text.hpp"
#include "tests/agent/supervise/played_loop.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

constexpr size_t turn = 4 * kib;  // what a child may take of one turn, in bytes

// One child and what was seen of it.
struct Watched {
    std::unique_ptr<Child> child;
    std::optional<ChildEnd> end;
    std::string message;
    size_t lines = 0, bytes = 0;
};

// Several real children in one loop; the clock of their deadlines is the test's.
class Several {
  public:
    Several() { REQUIRE(sd_event_new(&event) >= 0); }
    ~Several() {
        children.clear();
        sd_event_unref(event);
    }
    Several(const Several&) = delete;
    Several& operator=(const Several&) = delete;

    Watched& start(const std::string& script, const ChildLimits& limits = {}) {
        Watched& one = children.emplace_back();
        Child::Callbacks callbacks;
        callbacks.line = [&one](std::string_view line) {
            ++one.lines;
            one.bytes += line.size() + 1;
        };
        callbacks.end = [&one](ChildEnd how, const std::string& why) {
            one.end = how;
            one.message = why;
        };
        auto started = Child::start(event, clock, {"/bin/sh", {"sh", "-c", script}}, limits,
                                    std::move(callbacks));
        REQUIRE(started.has_value());
        one.child = std::move(*started);
        return one;
    }
    Watched& flood() {
        ChildLimits limits;
        limits.output = SIZE_MAX;
        Watched& one = start("exec yes", limits);
        REQUIRE(run_until([&] { return one.lines > 0; }));
        return one;
    }
    // Runs the loop at most `rounds` times; each handles one event.
    bool run_until(const std::function<bool()>& holds, int rounds = 100'000) {
        for (int round = 0; round < rounds && !holds(); ++round) sd_event_run(event, 10'000);
        return holds();
    }

    sd_event* event = nullptr;
    test::PlayedLoop clock;
    std::list<Watched> children;
};

// Waits until the newest child of this process has ended; does not reap it.
void wait_for_its_end() {
    const std::string children = test::read_file("/proc/thread-self/children");
    const std::string_view pids = trim_end(children);
    const auto newest = parse_number<id_t>(pids.substr(pids.rfind(' ') + 1));
    REQUIRE(newest.has_value());
    siginfo_t info{};
    REQUIRE(::waitid(P_PID, *newest, &info, WEXITED | WNOWAIT) == 0);
}

}  // namespace

TEST_CASE("the end of a quiet child is handled in its turn beside floods") {
    Several several;
    for (int count = 0; count < 3; ++count) several.flood();
    Watched& quiet = several.start("exit 0");
    wait_for_its_end();
    // A turn for each flood, one to see that the quiet one printed nothing, and some spare.
    CHECK(several.run_until([&] { return quiet.end.has_value(); }, 12));
    CHECK(quiet.end == ChildEnd::finished);
}

TEST_CASE("a child takes a limited number of bytes in each turn, also of what it left") {
    Several several;
    Watched& flood = several.flood();
    for (int round = 0; round < 50; ++round) {
        const size_t before = flood.bytes;
        sd_event_run(several.event, UINT64_MAX);
        CHECK(flood.bytes - before <= turn);
    }
    flood.child.reset();
    Watched& last = several.start("yes | head -c 50000");
    wait_for_its_end();
    while (!last.end) {
        const size_t before = last.bytes;
        sd_event_run(several.event, UINT64_MAX);
        CHECK(last.bytes - before <= turn);
    }
    CHECK(last.end == ChildEnd::finished);
    CHECK(last.lines == 25'000);
}

TEST_CASE("a child that ended in time is not blamed when the loop comes late") {
    Several several;
    Watched& quiet = several.start("echo one; exit 0");
    wait_for_its_end();
    several.clock.advance(31);
    REQUIRE(several.run_until([&] { return quiet.end.has_value(); }));
    CHECK(quiet.end == ChildEnd::finished);
    CHECK(quiet.lines == 1);

    Watched& told = several.start("sleep 600");
    several.clock.advance(30.1);
    wait_for_its_end();
    several.clock.advance(10);
    REQUIRE(several.run_until([&] { return told.end.has_value(); }));
    CHECK(told.end == ChildEnd::killed);
    CHECK(told.message == "did not answer within 30 s");
}

TEST_CASE("a flood of errors has the same limit as one of output") {
    ChildLimits limits;
    limits.output = 100'000;
    Several several;
    Watched& one = several.start("yes >&2", limits);
    REQUIRE(several.run_until([&] { return one.end.has_value(); }));
    CHECK(one.end == ChildEnd::killed);
    CHECK(one.message == "printed more than 97.7 KiB");
}

TEST_CASE("a child that is stopped while its last output is read ends as stopped") {
    Several several;
    Watched& one = several.start("yes | head -c 50000");
    wait_for_its_end();
    REQUIRE(several.run_until([&] { return one.lines > 0; }));
    several.clock.advance(31);  // too late to blame it
    CHECK_FALSE(one.end.has_value());
    one.child->stop("stopped");
    several.clock.advance(0);
    CHECK(one.end == ChildEnd::killed);
    CHECK(one.message == "stopped");
}

TEST_CASE("the agent's own timers come before floods") {
    auto loop = EventLoop::make();
    REQUIRE(loop.has_value());
    Seconds due = 0;
    size_t late = 0;
    int elapsed = 0;
    ChildLimits limits;
    limits.output = SIZE_MAX;
    std::vector<std::unique_ptr<Child>> floods;
    for (int count = 0; count < 4; ++count) {
        Child::Callbacks callbacks;
        callbacks.line = [&](std::string_view line) {
            if (boot_clock() > due + 0.001) late += line.size() + 1;
        };
        callbacks.end = [](ChildEnd, const std::string&) {};
        auto started =
            (*loop)->start({"/bin/sh", {"sh", "-c", "exec yes"}}, limits, std::move(callbacks));
        REQUIRE(started.has_value());
        floods.push_back(std::move(*started));
    }
    std::unique_ptr<Timer> timer;
    timer = (*loop)->make_timer(1e-6, [&] {
        if (++elapsed > 20) return (*loop)->exit(0);
        due = boot_clock() + 0.01;
        timer->arm(due);
    });
    due = boot_clock() + 0.1;
    timer->arm(due);
    CHECK((*loop)->run() == 0);
    // The turn in which the time is reached, and no other.
    CHECK(late <= 21 * turn);
    floods.clear();
}
