#include "agent/supervise/child.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cerrno>

#include "tests/no_pidfd.hpp"

using namespace lastgood;

namespace {

struct Outcome {
    std::vector<std::string> lines;
    ChildEnd end = ChildEnd::finished;
    std::string message;
};

// Runs a program under these limits to its end.
Outcome run_program(const std::vector<std::string>& command, ChildLimits limits) {
    sd_event* event = nullptr;
    REQUIRE(sd_event_new(&event) >= 0);
    Outcome result;
    Child::Callbacks callbacks;
    callbacks.line = [&](std::string_view line) {
        if (result.lines.size() < 10) result.lines.emplace_back(line);
    };
    callbacks.end = [&](ChildEnd end, const std::string& message) {
        result.end = end;
        result.message = message;
        sd_event_exit(event, 0);
    };
    {
        auto child = Child::start(event, command[0], command, -1, limits, std::move(callbacks));
        REQUIRE(child.has_value());
        sd_event_loop(event);
    }
    sd_event_unref(event);
    return result;
}

Outcome run(const char* script, ChildLimits limits) {
    return run_program({"sh", "-c", script}, limits);
}

}  // namespace

TEST_CASE("a child's lines and its end") {
    auto result = run("echo one; echo; echo two", {});
    CHECK(result.lines == std::vector<std::string>{"one", "two"});
    CHECK(result.end == ChildEnd::finished);
    result = run("echo 'lastgood: no access' >&2; exit 3", {});
    CHECK(result.end == ChildEnd::failed);
    CHECK(result.message == "no access");
    result = run("exit 5", {});
    CHECK(result.message == "exit status 5");
    result = run("kill -SEGV $$", {});
    CHECK(result.end == ChildEnd::failed);
    CHECK(result.message.find("signal 11") != std::string::npos);
    result = run("exec /no/such/program", {});
    CHECK(result.end == ChildEnd::failed);
    result = run("sleep 60 & echo left", {});  // a grandchild keeps the pipes open
    CHECK(result.lines == std::vector<std::string>{"left"});
    CHECK(result.end == ChildEnd::finished);
}

TEST_CASE("a child that hangs, ignores SIGTERM, or prints too much is killed") {
    ChildLimits limits;
    limits.deadline = 0.3;
    auto result = run("sleep 60", limits);
    CHECK(result.end == ChildEnd::killed);
    CHECK(result.message.find("did not answer within 300 ms") != std::string::npos);
    result = run("trap '' TERM; echo ready; while :; do sleep 0.1; done", limits);
    CHECK(result.end == ChildEnd::killed);
    CHECK(result.lines == std::vector<std::string>{"ready"});
    limits.deadline = 20;
    limits.output = 100'000;
    result = run("yes", limits);
    CHECK(result.end == ChildEnd::killed);
    CHECK(result.message.find("printed more than") != std::string::npos);
    limits.output = 10'000'000;
    limits.line_length = 1000;
    result = run("head -c 5000 /dev/zero | tr '\\0' x; sleep 60", limits);
    CHECK(result.end == ChildEnd::killed);
    CHECK(result.message.find("line longer") != std::string::npos);
}

TEST_CASE("a program that is not there") {
    const auto result = run_program({"/no/such/program"}, {});
    CHECK(result.end == ChildEnd::failed);
    CHECK(result.message == "/no/such/program: No such file or directory");
}

TEST_CASE("children of a kernel without pidfds") {
    constexpr int no_filters = 77;
    auto copy = ChildProcess::start([] {
        if (!test::forbid_pidfds()) return no_filters;
        auto result = run("echo one; exit 3", {});
        if (result.lines.size() != 1 || result.message != "exit status 3") return 1;
        ChildLimits limits;
        limits.deadline = 0.2;
        result = run("sleep 60", limits);
        return result.end == ChildEnd::killed ? 0 : 2;
    });
    REQUIRE(copy.has_value());
    const auto end = copy->wait(60);
    REQUIRE(end.has_value());
    if (end->status == no_filters)
        fmt::print("SKIP: children without a pidfd: no seccomp filters here\n");
    else
        CHECK(end->succeeded());
}
