#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "collectors/collector.hpp"
#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

class Inbox : public test::TemporaryDirectory {
  public:
    Inbox() { config.inbox_directory = path; }

    void write(const std::string& name, const std::string& text) const {
        TemporaryDirectory::write(name, text);
        set_time(name, 1795230900);
    }
    void set_time(const std::string& name, time_t when) const {
        const timespec times[2] = {{when, 0}, {when, 0}};
        REQUIRE(utimensat(AT_FDCWD, at(name).c_str(), times, 0) == 0);
    }
    bool collect() {
        sink = {};
        const Host host("/");
        Context context{host, config, sink, "", "", false};
        return find_collector("inbox")->run(context).has_value();
    }
    bool told(std::string_view part) const {
        for (const auto& [subject, problem] : sink.problems)
            if (problem.message.find(part) != std::string::npos) return true;
        return false;
    }

    Config config;
    MemorySink sink;
};

const std::string good = R"({"metric":"lastgood_backup_count","subject":"db8","value":7})"
                         "\n";

}  // namespace

TEST_CASE("lines become observations with the time of the line or of the file") {
    Inbox inbox;
    inbox.write(
        "a.jsonl",
        good +
            "\r\n  \n"
            R"({"metric":"lastgood_backup_newest_timestamp_seconds","subject":"db8",)"
            R"("labels":{"confidence":"exact"},"value":1700000000,"observed_at":1700000100})");
    inbox.write("b.json", good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.problems.empty());
    REQUIRE(inbox.sink.observations.size() == 3);
    CHECK(inbox.sink.observations[0].value == 7);
    CHECK(inbox.sink.observations[0].observed_at == 1795230900);
    CHECK(inbox.sink.observations[1].observed_at == 1700000100);
}

TEST_CASE("a missing inbox is empty") {
    Inbox inbox;
    inbox.config.inbox_directory = inbox.at("nothing");
    CHECK(inbox.collect());
    CHECK(inbox.sink.observations.empty());
    CHECK(inbox.sink.problems.empty());
}

TEST_CASE("bad lines are reported with file and line, good lines still count") {
    Inbox inbox;
    inbox.write("a.jsonl",
                "nonsense\n" + good +
                    R"({"metric":"lastgood_no_such","subject":"x","value":1})"
                    "\n"
                    R"({"metric":"lastgood_drive_kernel_errors_total","subject":"x",)"
                    R"("labels":{"kind":"io"},"increment":1})"
                    "\n"
                    R"({"commit":true})"
                    "\n"
                    R"({"metric":"lastgood_report_timestamp_seconds","value":1})"
                    "\n"
                    R"({"metric":"lastgood_collector_success","subject":"smart","value":1})"
                    "\n"
                    R"({"problem":"the tape is stuck","subject":"db8","kind":"failed"})"
                    "\n");
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 1);
    for (const char* line : {"a.jsonl:1: ", "a.jsonl:3: ", "a.jsonl:4: ", "a.jsonl:5: ",
                             "a.jsonl:6: ", "a.jsonl:7: "}) {
        CAPTURE(line);
        CHECK(inbox.told(line));
    }
    CHECK(inbox.told("the tape is stuck"));
    CHECK(inbox.sink.problems.size() == 7);
    CHECK(inbox.sink.cursor.empty());
}

TEST_CASE("unfinished and unrelated files are ignored") {
    Inbox inbox;
    for (const char* name : {".a.jsonl", "a.jsonl.tmp", "a.txt", "a"}) inbox.write(name, good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.empty());
    CHECK(inbox.sink.problems.empty());
}

TEST_CASE("only plain files of trusted owners are read") {
    Inbox inbox;
    inbox.write("target", good);
    REQUIRE(symlink(inbox.at("target").c_str(), inbox.at("link.jsonl").c_str()) == 0);
    REQUIRE(mkfifo(inbox.at("pipe.jsonl").c_str(), 0600) == 0);
    REQUIRE(mkdir(inbox.at("directory.jsonl").c_str(), 0700) == 0);
    sockaddr_un address{AF_UNIX, {}};
    const std::string socket_path = inbox.at("socket.jsonl");
    REQUIRE(socket_path.copy(address.sun_path, sizeof address.sun_path - 1) == socket_path.size());
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    size_t expected = 4;
    if (geteuid() == 0) {
        inbox.write("foreign.jsonl", good);
        REQUIRE(chown(inbox.at("foreign.jsonl").c_str(), 65534, 65534) == 0);
        ++expected;
    }
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.empty());
    CHECK(inbox.sink.problems.size() == expected);
    for (const char* name : {"link.jsonl", "pipe.jsonl", "directory.jsonl", "socket.jsonl"})
        CHECK(inbox.told(std::string(name) + " is not read: it is not a plain file"));
    if (geteuid() == 0) {
        CHECK(inbox.told("belongs to user 65534"));
        // The directory's owner may add files.
        REQUIRE(chown(inbox.path.c_str(), 65534, 65534) == 0);
        REQUIRE(inbox.collect());
        CHECK(inbox.sink.observations.size() == 1);
    }
}

TEST_CASE("sizes are limited") {
    Inbox inbox;
    inbox.write("large.jsonl", std::string(mib + 1, '\n'));
    std::string lines;
    for (int i = 0; i < 10'001; ++i) lines += "{}\n";
    inbox.write("many.jsonl", lines);
    std::string whole;
    for (int i = 0; i < 10'002; ++i) whole += good;
    inbox.write("whole.jsonl", whole);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 10'000);
    CHECK(inbox.told("large.jsonl is not read: it is larger than 1 MiB"));
    CHECK(inbox.told("many.jsonl: only the first 10000 lines"));
    CHECK(inbox.sink.problems.size() < 40);
}

TEST_CASE("a file of exactly 1 MiB is read") {
    Inbox inbox;
    inbox.write("full.jsonl", good + std::string(mib - good.size(), ' '));
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 1);
    CHECK(inbox.sink.problems.empty());
}

TEST_CASE("of many wrong lines, 20 are reported, and the number of the others") {
    Inbox inbox;
    std::string lines;
    for (int i = 0; i < 20; ++i) lines += "nonsense\n";
    inbox.write("a.jsonl", lines);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.problems.size() == 20);
    inbox.write("a.jsonl", lines + "{}\n{}\n{}\n" + good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 1);
    CHECK(inbox.sink.problems.size() == 21);
    CHECK(inbox.told("a.jsonl: 3 more lines are wrong"));
}

TEST_CASE("of many files, the first 1000 are read") {
    Inbox inbox;
    for (int i = 0; i < 1001; ++i) inbox.write("f" + std::to_string(10000 + i) + ".json", good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 1000);
    CHECK(inbox.told("only the first 1000 files are read"));
}

TEST_CASE("a line that is too long is a fault of that line alone") {
    Inbox inbox;
    const std::string info =
        R"({"metric":"lastgood_drive_info","subject":"d","value":1,"labels":{"model":")";
    inbox.write("a.jsonl", good + info + std::string(300'000, 'm') + "\"}}\n" + good);
    inbox.write("b.jsonl", good + info + std::string(30'000, 'm') + "\"}}\n" + good);
    inbox.write("c.jsonl", good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 5);
    CHECK(inbox.sink.problems.size() == 2);
    CHECK(inbox.told("a.jsonl:2: longer than 64 KiB"));
    CHECK(inbox.told("b.jsonl:2: lastgood_drive_info: label \"model\" is longer than 4096 bytes"));
}

TEST_CASE("nothing comes from the future") {
    Inbox inbox;
    inbox.write(
        "a.jsonl",
        R"({"metric":"lastgood_backup_count","subject":"db8","value":7,"observed_at":250000000000})");
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.at(0).observed_at == 1795230900);
}

TEST_CASE("a file from the future is as old as its last change, one from before 1970 very old") {
    Inbox inbox;
    inbox.write("a.jsonl", good);
    inbox.set_time("a.jsonl", 7'000'000'000);
    inbox.write("b.jsonl", good);
    inbox.set_time("b.jsonl", -1'000'000);
    struct stat file {};
    REQUIRE(::stat(inbox.at("a.jsonl").c_str(), &file) == 0);
    ::usleep(20'000);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.problems.empty());
    const Timestamp changed =
        static_cast<double>(file.st_ctim.tv_sec) + static_cast<double>(file.st_ctim.tv_nsec) / 1e9;
    CHECK(inbox.sink.observations.at(0).observed_at == changed);
    CHECK(inbox.sink.observations.at(1).observed_at == 0);
}

TEST_CASE("an inbox that is no directory is an error") {
    Inbox inbox;
    inbox.write("file", good);
    inbox.config.inbox_directory = inbox.at("file");
    CHECK_FALSE(inbox.collect());
    REQUIRE(::mkfifo(inbox.at("pipe").c_str(), 0600) == 0);
    inbox.config.inbox_directory = inbox.at("pipe");
    CHECK_FALSE(inbox.collect());
    inbox.config.inbox_directory = inbox.at("file/below");
    CHECK(inbox.collect());
}

TEST_CASE("loud files do not silence quiet ones: lines") {
    Inbox inbox;
    std::string loud;
    for (int i = 0; i < 9'000; ++i) loud += good;
    for (int i = 0; i < 8; ++i) inbox.write(fmt::format("a{}.jsonl", i), loud);
    inbox.write("quiet.jsonl", good + good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() <= 40'000);
    CHECK(inbox.sink.observations.size() > 39'900);
    CHECK(std::ranges::count(inbox.sink.observations.end() - 2, inbox.sink.observations.end(), 7.0,
                             &Observation::value) == 2);
    for (int i = 0; i < 8; ++i) CHECK(inbox.told(fmt::format("a{}.jsonl: only the first ", i)));
    CHECK_FALSE(inbox.told("quiet.jsonl"));
}

TEST_CASE("loud files do not silence quiet ones: bytes") {
    Inbox inbox;
    const std::string loud = good + std::string(mib - 2 * good.size() - 1, 'x') + "\n" + good;
    for (int i = 0; i < 20; ++i) inbox.write(fmt::format("a{}.jsonl", i), loud);
    inbox.write("quiet.jsonl", good + good);
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 22);
    CHECK(inbox.told("a0.jsonl: only the first "));
    CHECK(inbox.told("a19.jsonl: only the first "));
    CHECK_FALSE(inbox.told("a0.jsonl:2: "));  // the part of a line is none
    CHECK_FALSE(inbox.told("quiet.jsonl"));
}

TEST_CASE("loud files do not silence quiet ones: faults and problems") {
    Inbox inbox;
    std::string wrong, reports;
    for (int i = 0; i < 500; ++i) {
        wrong += "nonsense\n";
        reports += fmt::format(R"({{"problem":"stuck","subject":"s{}"}})", i) + "\n";
    }
    for (int i = 10; i < 40; ++i) inbox.write(fmt::format("w{}.jsonl", i), wrong + reports);
    inbox.write("z.jsonl", R"({"problem":"the tape is stuck","subject":"db8"})"
                           "\nnonsense\n");
    REQUIRE(inbox.collect());
    CHECK(inbox.told("z.jsonl:2: "));
    CHECK(inbox.told("the tape is stuck"));
    for (int i = 10; i < 40; ++i) CHECK(inbox.told(fmt::format("w{}.jsonl: reports 48", i)));
    const auto of_nobody =
        std::ranges::count(inbox.sink.problems, "", &std::pair<std::string, Error>::first);
    CHECK(of_nobody <= 50);  // the agent keeps no more of one subject
    CHECK(inbox.sink.problems.size() <= 550);

    for (int i = 1000; i < 1900; ++i) inbox.write(fmt::format("n{}.jsonl", i), "nonsense\n");
    REQUIRE(inbox.collect());
    CHECK(inbox.told("more files have faults, which are not named here"));
    CHECK(std::ranges::count(inbox.sink.problems, "", &std::pair<std::string, Error>::first) <= 50);
}

TEST_CASE("a file whose link leads in a circle, or that cannot be read, hides no other file") {
    Inbox inbox;
    inbox.write("a.jsonl", good);
    inbox.link("b.jsonl", "b.jsonl");
    inbox.link("c.jsonl", inbox.at("nothing"));
    inbox.write("d.jsonl", std::string(mib + 1, 'x'));
    inbox.write("e.jsonl", std::string("\0\xff\xfe\x1b[2J", 7));
    inbox.write("f.jsonl", "");
    inbox.write("g.jsonl", good.substr(0, good.size() - 1));
    REQUIRE(inbox.collect());
    CHECK(inbox.sink.observations.size() == 2);
    CHECK(inbox.sink.problems.size() == 4);
}
