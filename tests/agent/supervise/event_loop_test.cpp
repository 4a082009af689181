#include "agent/supervise/event_loop.hpp"

#include <doctest/doctest.h>

#include <new>
#include <stdexcept>

#include "agent/supervise/guarded.hpp"
#include "tests/quiet.hpp"

using namespace lastgood;
using namespace lastgood::test;

TEST_CASE("an exception in a handler ends the loop, as an error") {
    const Quiet quiet;
    for (const bool out_of_memory : {false, true}) {
        CAPTURE(out_of_memory);
        auto loop = EventLoop::make();
        REQUIRE(loop.has_value());
        std::unique_ptr<Timer> timer;
        timer = (*loop)->make_timer(0.001, [&] {
            timer.reset();  // a handler may do this
            if (out_of_memory) throw std::bad_alloc();
            throw std::runtime_error("made up");
        });
        timer->arm((*loop)->monotonic());
        CHECK((*loop)->run() == unexpected_error);
    }
}

TEST_CASE("a loop without one of its sources does not run") {
    auto loop = EventLoop::make();
    REQUIRE(loop.has_value());
    (*loop)->on_readable(-1, [] {});
    const auto status = (*loop)->run();
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().message == "the event loop failed: Bad file descriptor");
}
