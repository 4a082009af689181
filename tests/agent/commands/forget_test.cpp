#include "agent/commands/forget.hpp"

#include <doctest/doctest.h>

#include "tests/recorded_host.hpp"

using namespace lastgood;

TEST_CASE("requests to forget are taken once; those that cannot be read are logged") {
    test::RecordedHost place;
    Config config;
    config.runtime_directory.value = place.root();
    CHECK(take_forget_requests(config).subjects.empty());
    CHECK(take_forget_requests(config).problems.empty());

    place.file("/forget/1", "drive\nwwn-0x5000c500a1b2c3d4\n");
    place.file("/forget/2", "array\nmd-uuid-1\n");
    place.file("/forget/3", "");
    place.file("/forget/4", "filesystem\n/srv\n");  // cannot be missed
    place.file("/forget/5", "drive\n");
    place.file("/forget/6", std::string(5000, 'x'));
    place.file("/forget/7.8.tmp", "drive\nhalf");  // not complete yet
    const ForgetRequests requests = take_forget_requests(config);
    using Subjects = std::vector<std::pair<SubjectKind, std::string>>;
    CHECK(requests.subjects == Subjects{{SubjectKind::drive, "wwn-0x5000c500a1b2c3d4"},
                                        {SubjectKind::array, "md-uuid-1"}});
    const std::string folder = place.root() + "/forget/";
    CHECK(requests.problems == std::vector<std::string>{folder + "3 names no drive or array",
                                                        folder + "4 names no drive or array",
                                                        folder + "5 names no drive or array",
                                                        folder + "6: more than 4096 bytes"});
    CHECK(Host().list(folder).value() == std::vector<std::string>{"7.8.tmp"});
    CHECK(take_forget_requests(config).subjects.empty());
}
