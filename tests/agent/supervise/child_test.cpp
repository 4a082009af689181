#include "agent/supervise/child.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "core/descendants.hpp"
#include "tests/agent/supervise/played_loop.hpp"
#include "tests/no_pidfd.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

// A real child process whose deadline follows a clock that the test moves.
class Stage {
  public:
    Stage() { REQUIRE(sd_event_new(&event_) >= 0); }
    ~Stage() {
        child_.reset();
        sd_event_unref(event_);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    void start_program(const std::vector<std::string>& command, const ChildLimits& limits = {}) {
        Child::Callbacks callbacks;
        callbacks.line = [this](std::string_view line) {
            if (lines.size() < 10) lines.emplace_back(line);
            if (line == "commit") child_->extend();
        };
        callbacks.end = [this](ChildEnd how, const std::string& why) {
            REQUIRE_FALSE(end.has_value());
            end = how;
            message = why;
        };
        callbacks.gone = [this] { gone = true; };
        auto started =
            Child::start(event_, clock, {command[0], command}, limits, std::move(callbacks));
        REQUIRE(started.has_value());
        child_ = std::move(*started);
    }
    void start(const std::string& script, const ChildLimits& limits = {}) {
        start_program({"sh", "-c", script}, limits);
    }

    // Runs the loop until the condition holds; false after 30 s.
    template <class Condition>
    bool wait_until(Condition holds) {
        for (int round = 0; round < 3000; ++round) {
            if (holds()) return true;
            sd_event_run(event_, 10'000);
        }
        return false;
    }
    bool wait_for_line(std::string_view line) {
        return wait_until([&] { return std::ranges::find(lines, line) != lines.end(); });
    }
    // Runs the loop until the child's end; calls `meanwhile` after the end was seen and before it
    // is handled.
    void see_end_and(const std::function<void()>& meanwhile) {
        if (sd_event_prepare(event_) == 0) REQUIRE(sd_event_wait(event_, 10'000'000) > 0);
        meanwhile();
        sd_event_dispatch(event_);
        REQUIRE(wait_for_end());
    }
    bool wait_for_end() {
        return wait_until([&] { return end.has_value(); });
    }
    void run(const std::string& script, const ChildLimits& limits = {}) {
        start(script, limits);
        REQUIRE(wait_for_end());
    }
    Child& child() { return *child_; }

    test::PlayedLoop clock;
    std::vector<std::string> lines;
    std::optional<ChildEnd> end;
    std::string message;
    bool gone = false;

  private:
    sd_event* event_ = nullptr;
    std::unique_ptr<Child> child_;
};

constexpr const char* deaf = "trap '' TERM; echo ready; while :; do sleep 0.02; done";

}  // namespace

TEST_CASE("a child's lines and its end are reported") {
    Stage stage;
    stage.run("echo one; echo; echo two");
    CHECK(stage.lines == std::vector<std::string>{"one", "two"});
    CHECK(stage.end == ChildEnd::finished);
    CHECK(stage.message.empty());
}

TEST_CASE("a failure is explained by the last line of standard error, or by the exit status") {
    const auto message_of = [](const char* script) {
        Stage stage;
        stage.run(script);
        CHECK(stage.end == ChildEnd::failed);
        return stage.message;
    };
    CHECK(message_of("echo 'first' >&2; echo 'lastgood: no access' >&2; exit 3") == "no access");
    CHECK(message_of("exit 5") == "exit status 5");
    CHECK(message_of("kill -SEGV $$") == "killed by signal 11 (Segmentation fault)");
    CHECK(message_of("echo bad >&2; kill -SEGV $$") ==
          "killed by signal 11 (Segmentation fault): bad");
    CHECK(message_of("yes | head -c 100000 >&2; echo; echo 'the reason' >&2; exit 1") ==
          "the reason");
    Stage stage;
    stage.start_program({"/no/such/program"});
    REQUIRE(stage.wait_for_end());
    CHECK(stage.end == ChildEnd::failed);
    CHECK(stage.message == "/no/such/program: No such file or directory");
}

TEST_CASE("a grandchild that keeps the pipes open does not delay the end") {
    Stage stage;
    stage.run("sleep 600 & echo left");
    CHECK(stage.lines == std::vector<std::string>{"left"});
    CHECK(stage.end == ChildEnd::finished);
}

TEST_CASE("a child past its deadline gets SIGTERM") {
    Stage stage;
    stage.start("trap 'echo told; exit 0' TERM; echo ready; while :; do sleep 0.02; done");
    REQUIRE(stage.wait_for_line("ready"));
    stage.clock.advance(29);
    stage.clock.advance(1.1);
    REQUIRE(stage.wait_for_end());
    CHECK(stage.lines == std::vector<std::string>{"ready", "told"});
    CHECK(stage.end == ChildEnd::killed);
    CHECK(stage.message == "did not answer within 30 s");
}

TEST_CASE("a child that ignores SIGTERM is killed") {
    Stage stage;
    stage.start(deaf);
    REQUIRE(stage.wait_for_line("ready"));
    stage.clock.advance(30.1);
    CHECK_FALSE(stage.end.has_value());
    stage.clock.advance(1);
    REQUIRE(stage.wait_for_end());
    CHECK(stage.end == ChildEnd::killed);
}

TEST_CASE("a child that survives SIGKILL is abandoned, and its later end is reported") {
    Stage stage;
    stage.start("echo $$; " + std::string(deaf));
    REQUIRE(stage.wait_for_line("ready"));
    // The end of a traced process is its tracer's to see first: the child looks stuck until the
    // tracer ends.
    auto told = open_pipe();
    REQUIRE(told.has_value());
    auto tracer = ChildProcess::start(
        [child = std::stoi(stage.lines[0])] {
            const char seized = ::ptrace(PTRACE_SEIZE, child, 0, 0) == 0 ? 'y' : 'n';
            if (::write(ChildProcess::extra_number, &seized, 1) != 1) return 1;
            for (;;) ::pause();
        },
        {.extra = told->write.get()});
    REQUIRE(tracer.has_value());
    char seized = 0;
    REQUIRE(::read(told->read.get(), &seized, 1) == 1);
    if (seized != 'y') return test::skip("this system allows no ptrace(2)");
    stage.clock.advance(32.1);
    CHECK(stage.end == ChildEnd::abandoned);
    CHECK(stage.message ==
          "did not answer within 30 s, and cannot be killed: it is stuck in the kernel");
    CHECK_FALSE(stage.gone);
    tracer->signal(SIGKILL);
    REQUIRE(tracer->wait(30).has_value());
    CHECK(stage.wait_until([&] { return stage.gone; }));
}

TEST_CASE("a child has its whole deadline, however long the machine slept") {
    Stage stage;
    stage.start("echo ready; exec sleep 100", {.deadline = 20});
    REQUIRE(stage.wait_for_line("ready"));
    stage.clock.advance(15);
    stage.clock.sleep(8 * 3600);
    stage.clock.advance(4);
    CHECK_FALSE(stage.end);
    stage.clock.advance(2);
    REQUIRE(stage.wait_for_end());
    CHECK(stage.end == ChildEnd::killed);
    CHECK(stage.message == "did not answer within 20 s");
}

TEST_CASE("a child gets its deadline anew, once, after this process was stopped") {
    Stage stage;
    stage.start("echo ready; exec sleep 100", {.deadline = 20});
    REQUIRE(stage.wait_for_line("ready"));
    stage.clock.stall(3600);
    stage.clock.advance(19);
    CHECK_FALSE(stage.end);
    stage.clock.stall(3600);
    REQUIRE(stage.wait_for_end());
    CHECK(stage.end == ChildEnd::killed);
}

TEST_CASE("a commit restarts a stream's deadline and output count") {
    Stage stage;
    stage.start("echo ready; exec sleep 600");
    REQUIRE(stage.wait_for_line("ready"));
    for (int i = 0; i < 3; ++i) {
        stage.clock.advance(20);
        stage.child().extend();
    }
    stage.clock.advance(29);
    stage.child().stop("it was not told to end before");
    REQUIRE(stage.wait_for_end());
    CHECK(stage.message == "it was not told to end before");

    ChildLimits limits;
    limits.output = 1000;
    Stage talker;
    talker.run("yes | head -c 900; echo commit; yes | head -c 900", limits);
    CHECK(talker.end == ChildEnd::finished);
    Stage babbler;
    babbler.run("yes | head -c 900; echo; yes | head -c 900", limits);
    CHECK(babbler.end == ChildEnd::killed);
}

TEST_CASE("a commit does not extend a child that was told to end") {
    Stage stage;
    stage.start(deaf);
    REQUIRE(stage.wait_for_line("ready"));
    stage.clock.advance(30.1);
    stage.child().extend();
    stage.clock.advance(1);
    REQUIRE(stage.wait_for_end());
    CHECK(stage.end == ChildEnd::killed);
}

TEST_CASE("a child that prints too much is stopped") {
    ChildLimits limits;
    limits.output = 100'000;
    Stage much;
    much.run("yes", limits);
    CHECK(much.end == ChildEnd::killed);
    CHECK(much.message == "printed more than 97.7 KiB");
    limits.output = 10'000'000;
    limits.line_length = 1000;
    Stage longer;
    longer.run("head -c 5000 /dev/zero | tr '\\0' x; sleep 600", limits);
    CHECK(longer.end == ChildEnd::killed);
    CHECK(longer.message == "printed a line longer than 1000 B");
}

// A grandchild in a session of its own survives the child and may still print.
TEST_CASE("a limit that is exceeded after the child's end stops it as usual") {
    ChildLimits limits;
    limits.line_length = 1000;
    Stage stage;
    stage.start("exec 3>&1; pid=$(setsid sh -c 'sleep 600 >&3 & echo $!'); echo $$; echo $pid",
                limits);
    REQUIRE(stage.wait_until([&] { return stage.lines.size() == 2; }));
    const pid_t grandchild = std::stoi(stage.lines[1]);
    const std::string state = fmt::format("/proc/{}/stat", stage.lines[0]);
    for (int round = 0; round < 3000; ++round) {
        if (test::read_file(state).find(") Z ") != std::string::npos) break;
        ::usleep(10'000);
    }
    stage.see_end_and(
        [&] { std::ofstream(fmt::format("/proc/{}/fd/1", grandchild)) << std::string(2000, 'x'); });
    ::kill(grandchild, SIGKILL);
    CHECK(stage.end == ChildEnd::killed);
    CHECK(stage.message == "printed a line longer than 1000 B");
}

TEST_CASE("a stopped child reports the reason, and its later output is ignored") {
    Stage stage;
    stage.start("trap 'echo told; exit 0' TERM; echo ready; while :; do sleep 0.02; done");
    REQUIRE(stage.wait_for_line("ready"));
    stage.child().stop("it talks nonsense");
    stage.child().stop("again");
    REQUIRE(stage.wait_for_end());
    CHECK(stage.lines == std::vector<std::string>{"ready"});
    CHECK(stage.end == ChildEnd::killed);
    CHECK(stage.message == "it talks nonsense");
}

TEST_CASE("what a child leaves behind is watched until it has ended") {
    auto copy = ChildProcess::start([] {
        adopt_orphans();
        Stage stage;
        stage.run("(setsid sleep 600 &); echo left");
        if (stage.end != ChildEnd::finished || stage.lines.size() != 1) return 1;
        // The orphan may have ended already.
        for (int round = 0; stage.child().left_behind() && round < 3000; ++round) {
            if (stage.gone) return 2;
            ::usleep(10'000);
            stage.clock.advance(0.02);
        }
        if (stage.child().is_stuck()) return 3;
        siginfo_t info{};
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 && errno == ECHILD ? 0 : 4;
    });
    REQUIRE(copy.has_value());
    const auto end = copy->wait(120);
    REQUIRE(end.has_value());
    CHECK(end->status == 0);
}

TEST_CASE("children work on a kernel without pidfds") {
    constexpr int no_filters = 77;
    auto copy = ChildProcess::start([] {
        if (!test::forbid_pidfds()) return no_filters;
        Stage fails;
        fails.run("echo one; exit 3");
        if (fails.lines.size() != 1 || fails.message != "exit status 3") return 1;
        Stage late;
        late.start("echo ready; exec sleep 600");
        if (!late.wait_for_line("ready")) return 2;
        late.clock.advance(30.1);
        return late.wait_for_end() && late.end == ChildEnd::killed ? 0 : 3;
    });
    REQUIRE(copy.has_value());
    const auto end = copy->wait(120);
    REQUIRE(end.has_value());
    if (end->status == no_filters)
        test::skip("this kernel has no seccomp filters");
    else
        CHECK(end->succeeded());
}

TEST_CASE("a last line without newline counts, unless a signal cut it off") {
    Stage stage;
    SUBCASE("success") {
        stage.run("printf 'one\\ntwo'");
        CHECK(stage.end == ChildEnd::finished);
        CHECK(stage.lines == std::vector<std::string>{"one", "two"});
    }
    SUBCASE("failure") {
        stage.run("printf 'one\\ntwo'; exit 3");
        CHECK(stage.end == ChildEnd::failed);
        CHECK(stage.lines == std::vector<std::string>{"one", "two"});
    }
    SUBCASE("signal") {
        stage.run("printf 'one\\ntw'; kill -SEGV $$");
        CHECK(stage.end == ChildEnd::failed);
        CHECK(stage.lines == std::vector<std::string>{"one"});
    }
}
