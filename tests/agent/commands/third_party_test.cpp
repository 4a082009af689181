#include "agent/commands/third_party.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "core/child_process.hpp"

using namespace lastgood;

namespace {

ProcessEnd end_of(const std::vector<std::string>& command, const ChildSettings& settings = {}) {
    auto copy = ChildProcess::start(
        [&] {
            return run_third_party({"mine", command, 60, 30});
        },
        settings);
    REQUIRE(copy.has_value());
    const auto end = copy->wait(60);
    REQUIRE(end.has_value());
    return *end;
}

ProcessEnd end_of_script(const std::string& script, const ChildSettings& settings = {}) {
    return end_of({"/bin/sh", "-c", script}, settings);
}

}  // namespace

TEST_CASE("a third-party program's end is passed on") {
    CHECK(end_of_script("exit 0").succeeded());
    CHECK(end_of_script("exit 5").status == 5);
    for (const int number : {SIGSEGV, SIGKILL, SIGTERM}) {
        const ProcessEnd end = end_of_script("kill -" + std::to_string(number) + " $$");
        CHECK(end.by_signal);
        CHECK(end.status == number);
    }
}

TEST_CASE("only an absolute path is started, and what cannot be started is told") {
    for (const char* path : {"./sh", "sh", "", "../bin/sh", "/no/such/program", "/etc/passwd"}) {
        CAPTURE(path);
        auto told = open_pipe();
        REQUIRE(told.has_value());
        CHECK(end_of({path}, {.error = told->write.get()}).status == 127);
        char text[256];
        CHECK(::read(told->read.get(), text, sizeof text) > 0);
    }
}

TEST_CASE("a third-party program does not get the configuration") {
    auto config = open_pipe();
    REQUIRE(config.has_value());
    CHECK(end_of_script("[ ! -e /proc/self/fd/3 ] && [ $(readlink /proc/self/fd/0) = /dev/null ]",
                        {.extra = config->write.get()})
              .succeeded());
}

TEST_CASE("a third-party program is told to end as its runner was, and then killed") {
    auto ready = open_pipe();
    REQUIRE(ready.has_value());
    for (const char* script : {"trap 'exit 7' TERM; echo; while :; do sleep 0.02; done",
                               "trap '' TERM; echo; while :; do sleep 0.02; done"}) {
        auto copy = ChildProcess::start(
            [&] {
                return run_third_party({"mine", {"/bin/sh", "-c", script}, 60, 30});
            },
            {.output = ready->write.get()});
        REQUIRE(copy.has_value());
        char line = 0;
        REQUIRE(::read(ready->read.get(), &line, 1) == 1);
        copy->signal(SIGTERM);
        const auto end = copy->wait(60);
        REQUIRE(end.has_value());
        CHECK(end->status == (end->by_signal ? SIGKILL : 7));
    }
}
