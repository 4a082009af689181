// Tests the children that write the textfile and that listen.
#include <doctest/doctest.h>
#include <fcntl.h>

#include "agent/supervise/serve_child.hpp"
#include "agent/supervise/textfile_child.hpp"
#include "tests/agent/supervise/played_loop.hpp"

using namespace lastgood;
using test::PlayedLoop;

namespace {

Descriptor some_file() {
    return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("reports during a textfile write cause one more write") {
    PlayedLoop loop;
    Descriptor config = some_file();
    TextfileChild textfile(loop, config);
    textfile.update();
    REQUIRE(loop.children.size() == 1);
    CHECK(PlayedLoop::command_line(loop.children.back()) ==
          "lastgood textfile --config /proc/self/fd/3");
    CHECK(loop.children.back().command.config_fd == config.get());
    CHECK(loop.children.back().limits.deadline == 10);
    textfile.update();
    textfile.update();
    CHECK(loop.children.size() == 1);
    const int before = config.get();
    config = some_file();  // a reload, which closes the one before
    REQUIRE(config.get() != before);
    loop.children.back().finish();
    REQUIRE(loop.children.size() == 2);
    CHECK(loop.children.back().command.config_fd == config.get());
    loop.children.back().finish();
    CHECK(loop.children.size() == 2);
    CHECK_FALSE(textfile.running());
    CHECK(textfile.problem().empty());
}

TEST_CASE("the textfile problem is reported until a write succeeds") {
    PlayedLoop loop;
    Descriptor config = some_file();
    TextfileChild textfile(loop, config);
    textfile.update();
    loop.children.back().end(ChildEnd::failed, "no space left");
    CHECK(textfile.problem() == "not written: no space left");
    loop.start_fails = "cannot fork";
    textfile.update();
    CHECK(textfile.problem() == "not written: cannot fork");
    loop.start_fails.reset();
    textfile.update();
    loop.children.back().finish();
    CHECK(textfile.problem().empty());
}

TEST_CASE("no second textfile writer starts while one is stuck, and it does not block stopping") {
    PlayedLoop loop;
    Descriptor config = some_file();
    TextfileChild textfile(loop, config);
    textfile.update();
    loop.children.back().end(ChildEnd::abandoned, "stuck in the kernel");
    CHECK(textfile.problem() == "not written: stuck in the kernel");
    CHECK_FALSE(textfile.running());
    textfile.update();
    CHECK(loop.children.size() == 1);
    CHECK(loop.children.back().owned);
    loop.children.back().die_at_last();
    CHECK(loop.children.size() == 2);  // for the report written meanwhile
    CHECK(textfile.running());
    textfile.stop();
    CHECK(loop.children.back().stops.size() == 1);
    loop.children.back().end(ChildEnd::killed, "stopped");
    CHECK(textfile.problem().empty());
    textfile.update();
    CHECK(loop.children.size() == 2);
}

TEST_CASE("the listener's end is reported with its lifetime, unless stopped for good") {
    PlayedLoop loop;
    Descriptor config = some_file();
    std::vector<Seconds> lives;
    ServeChild serve(
        loop, config, [&](Seconds lived) { lives.push_back(lived); }, [] {});
    serve.start();
    serve.start();
    REQUIRE(loop.children.size() == 1);
    CHECK(PlayedLoop::command_line(loop.children.back()) ==
          "lastgood serve --with-agent --config /proc/self/fd/3");
    CHECK(serve.running());
    CHECK_FALSE(serve.has_listened());
    loop.advance(5);
    loop.children.back().end(ChildEnd::failed, "port taken");
    CHECK_FALSE(serve.running());
    CHECK(lives == std::vector<Seconds>{5});
    serve.start();
    serve.stop();  // to restart it with another address
    CHECK(loop.children.back().stops.size() == 1);
    loop.children.back().end(ChildEnd::killed, "stopped");
    CHECK(lives.size() == 2);
    serve.start();
    serve.stop_for_good();
    loop.children.back().end(ChildEnd::killed, "stopped");
    serve.start();
    CHECK(lives.size() == 2);
    CHECK(loop.children.size() == 3);
}

TEST_CASE("the listener is up when it says so, and not because it runs") {
    PlayedLoop loop;
    int changes = 0;
    const Descriptor config = some_file();
    ServeChild serve(
        loop, config, [](Seconds) {}, [&] { ++changes; });
    CHECK(serve.is_up() == std::nullopt);
    serve.start();
    CHECK(serve.is_up() == std::nullopt);
    loop.children.back().print("something else");
    CHECK(serve.is_up() == std::nullopt);
    CHECK_FALSE(serve.has_listened());
    loop.children.back().print("answers");
    CHECK(serve.is_up() == true);
    CHECK(serve.has_listened());
    CHECK(changes == 1);
    loop.children.back().print("answers");
    CHECK(changes == 1);
    loop.children.back().print("fails: user nobody cannot read /x: Permission denied");
    CHECK(serve.is_up() == false);
    CHECK(serve.problem() == "user nobody cannot read /x: Permission denied");
    CHECK(changes == 2);
    loop.children.back().print("answers");
    CHECK(serve.is_up() == true);
    CHECK(serve.problem().empty());
    CHECK(changes == 3);
}

TEST_CASE("a listener that ends is not up until the next one says that it answers") {
    PlayedLoop loop;
    const Descriptor config = some_file();
    ServeChild serve(
        loop, config, [](Seconds) {}, [] {});
    serve.start();
    loop.children.back().print("answers");
    loop.children.back().end(ChildEnd::killed, "killed by signal 9 (Killed)");
    CHECK(serve.is_up() == false);
    CHECK(serve.problem() == "killed by signal 9 (Killed)");
    serve.start();
    CHECK(serve.is_up() == false);
    loop.children.back().end(ChildEnd::failed, "cannot listen on 127.0.0.1:1");
    CHECK(serve.problem() == "cannot listen on 127.0.0.1:1");
    loop.start_fails = "cannot fork";
    serve.start();
    CHECK(serve.problem() == "cannot fork");
    loop.start_fails.reset();
    serve.start();
    loop.children.back().print("answers");
    CHECK(serve.is_up() == true);
    // Restarted for another address: nothing is wrong with it.
    serve.stop();
    loop.children.back().end(ChildEnd::killed, "stopped");
    CHECK(serve.is_up() == std::nullopt);
    serve.stop();  // nothing runs
    serve.start();
    loop.children.back().end(ChildEnd::failed, "port taken");
    CHECK(serve.is_up() == false);
}

TEST_CASE("a listener that falls silent is not up, and is restarted") {
    PlayedLoop loop;
    const Descriptor config = some_file();
    ServeChild serve(
        loop, config, [](Seconds) {}, [] {});
    serve.start();
    loop.children.back().print("answers");
    for (int beat = 0; beat < 2; ++beat) serve.start();
    CHECK(serve.is_up() == true);
    loop.children.back().print("answers");
    for (int beat = 0; beat < 3; ++beat) serve.start();
    CHECK(serve.is_up() == false);
    CHECK(serve.problem() == "it does not tell that it answers");
    CHECK(loop.children.back().stops.empty());
    for (int beat = 0; beat < 5; ++beat) serve.start();
    CHECK(loop.children.back().stops.size() == 1);
    loop.children.back().end(ChildEnd::killed, "it did not tell that it answers");
    CHECK(serve.is_up() == false);
    serve.start();
    CHECK(loop.children.size() == 2);
    loop.children.back().print("answers");
    CHECK(serve.is_up() == true);
}
