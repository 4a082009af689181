#include "agent/requests.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/clock.hpp"
#include "core/host.hpp"
#include "tests/recorded_host.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

Acceptance mismatches() {
    return {"array_mismatches",  SubjectKind::array, "md-uuid-1", 16.0, wall_clock() + 50, "root",
            "a spare is ordered"};
}

}  // namespace

TEST_CASE("requests are taken once; those that make no sense are told") {
    test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    CHECK(take_requests(config).forget.empty());
    CHECK(take_requests(config).problems.empty());

    place.file("/requests/1", "forget\ndrive\nwwn-0x5000c500a1b2c3d4\n");
    place.file("/requests/2", "forget\narray\nmd-uuid-1\n");
    place.file("/requests/3", "");
    place.file("/requests/4", "forget\nfilesystem\n/srv\n");  // cannot be missed
    place.file("/requests/5", "forget\ndrive\n");
    place.file("/requests/6", std::string(5000, 'x'));
    place.file("/requests/7.8.tmp", "forget\ndrive\nhalf");  // not complete yet
    place.file("/requests/8", "revoke\nno_such_rule\nx\n");
    place.file("/requests/9", "accept\narray_mismatches\narray\nx\n");
    const Requests requests = take_requests(config);
    using Subjects = std::vector<std::pair<SubjectKind, std::string>>;
    CHECK(requests.forget == Subjects{{SubjectKind::drive, "wwn-0x5000c500a1b2c3d4"},
                                      {SubjectKind::array, "md-uuid-1"}});
    const std::string folder = place.root() + "/requests/";
    CHECK(
        requests.problems ==
        std::vector<std::string>{
            folder + "3 is no request", folder + "4 names no drive, array or stream of a backup",
            folder + "5 names no drive, array or stream of a backup",
            folder + "6: more than 4096 bytes", folder + "8 names no rule",
            folder + "9 an acceptance of array_mismatches needs up_to, the value that you accept"});
    CHECK(Host().list(folder).value() == std::vector<std::string>{"7.8.tmp"});
    CHECK(take_requests(config).forget.empty());
}

TEST_CASE("a record arrives as it was asked for") {
    const test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    const CopyRecord record{"restored", "db8", wall_clock() - 5, "anna", "table orders, to a test"};
    REQUIRE(ask_to_record(config, record));
    const Requests requests = take_requests(config);
    CHECK(requests.problems.empty());
    REQUIRE(requests.record.size() == 1);
    CHECK(requests.record[0].what == "restored");
    CHECK(requests.record[0].backup == "db8");
    CHECK(requests.record[0].by == "anna");
    CHECK(requests.record[0].note == "table orders, to a test");
    for (const CopyRecord& wrong :
         {CopyRecord{"made", "db8", 1e9, "a", ""}, CopyRecord{"verified", "", 1e9, "a", ""},
          CopyRecord{"verified", "db8", wall_clock() + 3600, "a", ""},
          CopyRecord{"verified", "db8", 0, "a", ""},
          CopyRecord{"verified", "db8", 1e9, "a", std::string(300, 'x')}}) {
        REQUIRE(ask_to_record(config, wrong));
        CHECK(take_requests(config).problems.size() == 1);
    }
}

TEST_CASE("a request of another user, a link or a pipe is dropped and told") {
    if (::geteuid() != 0) return test::skip("it needs root");
    test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    const std::string folder = place.root() + "/requests/";
    const char* const text = "forget\ndrive\nd\n";
    place.file("/requests/1", text);
    place.file("/requests/2", text);
    place.file("/good", text);
    REQUIRE(::chown((folder + "2").c_str(), 65534, 65534) == 0);
    REQUIRE(::symlink((place.root() + "/good").c_str(), (folder + "3").c_str()) == 0);
    REQUIRE(::mkfifo((folder + "4").c_str(), 0600) == 0);
    const Requests requests = take_requests(config);
    CHECK(requests.forget.size() == 1);
    REQUIRE(requests.problems.size() == 3);
    CHECK(requests.problems[0] == folder + "2 belongs to uid 65534");
    CHECK(requests.problems[1].starts_with(folder + "3: "));
    CHECK(requests.problems[2] == folder + "4 is no regular file");
    CHECK(Host().list(folder)->empty());
}

TEST_CASE("of many requests none is lost") {
    test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    for (int i = 0; i < 150; ++i)
        place.file(fmt::format("/requests/{:03}", i), fmt::format("forget\ndrive\nd{}\n", i));
    CHECK(take_requests(config).forget.size() == 100);
    const Requests rest = take_requests(config);
    REQUIRE(rest.forget.size() == 50);
    CHECK(rest.forget.back().second == "d149");
}

TEST_CASE("each request arrives as it was made") {
    const test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    REQUIRE(ask_to_forget(config, SubjectKind::drive, "wwn-0x1"));
    CHECK(take_requests(config).forget.at(0).second == "wwn-0x1");
    const Acceptance one = mismatches();
    REQUIRE(ask_to_accept(config, one));
    CHECK(take_requests(config).accept == std::vector{one});
    Acceptance state{"array_gone", SubjectKind::array, "md 1", {}, wall_clock() + 50, "root",
                     "pulled"};
    REQUIRE(ask_to_accept(config, state));
    CHECK(take_requests(config).accept == std::vector{state});
    REQUIRE(ask_to_revoke(config, "array_gone", "md 1"));
    CHECK(take_requests(config).revoke.at(0) ==
          std::pair<std::string, std::string>("array_gone", "md 1"));
}

TEST_CASE("requests are taken in the order in which they were made") {
    const test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    for (int i = 0; i < 20; ++i)
        REQUIRE(ask_to_forget(config, SubjectKind::drive, fmt::format("d{:02}", i)));
    const auto forget = take_requests(config).forget;
    REQUIRE(forget.size() == 20);
    CHECK(std::ranges::is_sorted(forget));
}

TEST_CASE("an acceptance must fit its rule") {
    const Timestamp now = wall_clock();
    const auto why = [&](auto change) {
        Acceptance one = mismatches();
        change(one);
        return why_not_acceptable(one, now);
    };
    CHECK(why([](Acceptance&) {}).empty());
    CHECK(why([](Acceptance& one) { one.rule = "x"; }) == "there is no rule \"x\"");
    CHECK(why([](Acceptance& one) { one.rule = "agent_absent"; }) ==
          "there is no rule \"agent_absent\"");
    CHECK(why([](Acceptance& one) { one.kind = SubjectKind::drive; }) ==
          "array_mismatches is a rule of kind array, not drive");
    CHECK(why([](Acceptance& one) { one.up_to.reset(); }) ==
          "an acceptance of array_mismatches needs up_to, the value that you accept");
    CHECK(why([](Acceptance& one) { one.up_to = 1.0 / 0.0; }) ==
          "an acceptance of array_mismatches needs up_to, the value that you accept");
    CHECK(why([&](Acceptance& one) { one.until = now; }) == "it has ended already");
    CHECK(why([](Acceptance& one) { one.reason = ""; }) == "it needs a reason");
    CHECK(why([&](Acceptance& one) { one.until = now + 366 * 86400.0; }) ==
          "array_mismatches can be accepted for 365 days at most");
    CHECK(why([&](Acceptance& one) {
              one.rule = "array_failed";
              one.up_to.reset();
              one.until = now + 8 * 86400.0;
          }) == "array_failed can be accepted for 7 days at most");
}
