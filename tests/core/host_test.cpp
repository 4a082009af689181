#include "core/host.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "tests/recorded_host.hpp"

using namespace lastgood;
using test::RecordedHost;

TEST_CASE("Host distinguishes absent, denied and failed") {
    const Host host;
    CHECK(host.read("/no/such/file").error().kind == ErrorKind::absent);
    CHECK(host.read("/proc").error().kind == ErrorKind::failed);
    CHECK(host.read("/proc/self/stat", 3).error().kind == ErrorKind::failed);
    RecordedHost recorded;
    recorded.file("/five", "12345");
    CHECK(recorded.host().read("/five", 5).value() == "12345");
    CHECK(recorded.host().read("/five", 4).error().kind == ErrorKind::failed);
    CHECK(host.read_number("/proc/self/comm").error().kind == ErrorKind::malformed);
    CHECK(host.list("/proc/self/comm").error().kind == ErrorKind::absent);
}

TEST_CASE("what is no regular file is not opened to read it") {
    const test::TemporaryDirectory directory;
    const std::string link = directory.path + "/link", pipe = directory.path + "/pipe";
    const std::string file = directory.path + "/file";
    std::ofstream(file) << "text";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const Host host;
    CHECK(host.read(file).value() == "text");
    CHECK(host.read(pipe).error().message == pipe + ": not a regular file");
    CHECK(host.read(directory.path).error().kind == ErrorKind::failed);
    for (const char* target : {"/proc/self/comm", "/sys/kernel/uevent_seqnum", "/dev/null"}) {
        REQUIRE(::symlink(target, link.c_str()) == 0);
        CHECK(host.read(link).error().message == link + ": not a regular file");
        REQUIRE(::unlink(link.c_str()) == 0);
    }
    CHECK(host.read("/proc/self/comm").has_value());
    REQUIRE(::symlink(file.c_str(), link.c_str()) == 0);
    CHECK(host.read(link).value() == "text");
    CHECK(host.read(link, mib, LastLink::refuse).error().message ==
          link + ": a symbolic link, which is not followed here");
    CHECK(host.read(file, mib, LastLink::refuse).value() == "text");
    const auto opened = host.open_file(file);
    REQUIRE(opened.has_value());
    CHECK((::fcntl(*opened, F_GETFL) & O_PATH) == 0);
    ::close(*opened);
}

TEST_CASE("a path that leads out of /proc again is looked at as any other") {
    const Host host;
    for (const std::string path : {"/proc/../dev/zero", "/proc/self/root/dev/zero",
                                   "/proc/self/cwd/../../../../../../../../dev/zero"})
        CHECK(host.read(path).error().message == path + ": not a regular file");
    CHECK(host.read("/proc/self/comm").has_value());
}

TEST_CASE("a recorded host never reads outside its root") {
    RecordedHost recorded;
    recorded.file("/etc/name", "inside\nsecond line\n");
    recorded.file("/now", "1700000000\n");
    recorded.link("/absolute", "/etc/name");
    recorded.link("/climbing", "../../../../../../etc/name");
    const Host host(recorded.root());
    CHECK(host.recorded());
    CHECK(host.now() == 1700000000);
    CHECK(host.read_line("/absolute").value() == "inside");
    CHECK(host.read_line("/climbing").value() == "inside");
    CHECK(host.read("/../etc/name").value() == "inside\nsecond line\n");
    CHECK(host.resolve("/absolute").value() == "/etc/name");
    CHECK(host.read_link("/absolute").value() == "/etc/name");
    CHECK(host.list("/").value() == std::vector<std::string>{"absolute", "climbing", "etc", "now"});
    CHECK(host.status("/climbing", false)->kind == FileKind::symlink);
    CHECK(host.status("/climbing")->kind == FileKind::regular);
}

TEST_CASE("a recorded host can be read while other files are renamed") {
    RecordedHost recorded;
    recorded.file("/a/b/c/file", "text");
    recorded.link("/a/b/link", "../../a/b/../b/../b/c/file");
    RecordedHost elsewhere;
    elsewhere.file("/one", "");
    std::atomic<bool> ended = false;
    std::thread renamer([&] {
        const std::string one = elsewhere.root() + "/one";
        const std::string two = elsewhere.root() + "/two";
        while (!ended) {
            ::rename(one.c_str(), two.c_str());
            ::rename(two.c_str(), one.c_str());
        }
    });
    int failures = 0;
    for (int i = 0; i < 50000; ++i)
        if (!recorded.host().read("/a/b/link")) ++failures;
    ended = true;
    renamer.join();
    CHECK(failures == 0);
}

TEST_CASE("a recorded host answers commands from recordings") {
    RecordedHost recorded;
    recorded.file("/commands/smartctl -a _dev_sda", "text");
    recorded.file("/commands/smartctl -a _dev_sda.status", "4\n");
    const auto output = recorded.host().run({{"smartctl", "-a", "/dev/sda"}});
    REQUIRE(output.has_value());
    CHECK(output->standard_output == "text");
    CHECK(output->exit_status == 4);
    CHECK(recorded.host().run({{"true"}}).error().kind == ErrorKind::absent);
}

TEST_CASE("run ends in time, whatever the command does") {
    const Host host;
    const auto sh = [&](const char* script, Seconds deadline = 10, size_t limit = 1000) {
        Command command{{"sh", "-c", script}};
        command.deadline = deadline;
        command.output_limit = limit;
        return host.run(command);
    };
    const auto fine = sh("echo out; echo err >&2; exit 3");
    REQUIRE(fine.has_value());
    CHECK(fine->standard_output == "out\n");
    CHECK(fine->standard_error == "err\n");
    CHECK(fine->exit_status == 3);
    CHECK(sh("kill -SEGV $$")->exit_status == 128 + 11);
    CHECK(sh("sleep 60", 0.2).error().kind == ErrorKind::timed_out);
    CHECK(sh("trap '' TERM; sleep 60", 0.2).error().kind == ErrorKind::timed_out);
    CHECK(sh("yes").error().kind == ErrorKind::failed);
    CHECK(sh("sleep 60 & echo left").value().standard_output ==
          "left\n");  // a grandchild keeps the pipe open
    CHECK(host.run({{"/no/such/program"}}).error().kind == ErrorKind::absent);
    CHECK(host.run({{}}).error().kind == ErrorKind::failed);
}

TEST_CASE("what no kernel writes is no number") {
    for (const char* text :
         {"nan", "inf", "-inf", "1e308", "18446744073709551617000", "", "x", "3x"}) {
        CAPTURE(text);
        RecordedHost host;
        host.file("/sys/n", text);
        CHECK_FALSE(host.host().read_number("/sys/n").has_value());
    }
    RecordedHost host;
    host.file("/sys/n", "18446744073709551615\n");
    CHECK(host.host().read_number("/sys/n") == 18446744073709551615.0);
}
