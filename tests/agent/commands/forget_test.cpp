#include "agent/commands/forget.hpp"

#include <doctest/doctest.h>

#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/report.hpp"
#include "tests/quiet.hpp"
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

namespace {

struct ForgetCommand {
    test::RecordedHost place;
    Config config;
    Report report;

    ForgetCommand() {
        config.runtime_directory.value = place.root();
        report.written_at = 1'790'000'000;
    }
    void drive(const char* id, const char* device, double present) {
        report.observations.push_back(
            {&metric::drive_info, id, {{"device", device}}, 1, report.written_at});
        report.observations.push_back({&metric::drive_present, id, {}, present, report.written_at});
    }
    int run(const std::string& word) {
        REQUIRE(write_report(report, report_path(config)));
        const test::Quiet quiet;
        return run_forget(config, word);
    }
    using Subjects = std::vector<std::pair<SubjectKind, std::string>>;
    Subjects requested() { return take_forget_requests(config).subjects; }
};

}  // namespace

TEST_CASE("forget asks for a missing drive, by each of its names") {
    ForgetCommand command;
    command.drive("wwn-0x1", "sda", 1);
    command.drive("wwn-0x2", "sdb", 0);
    const ForgetCommand::Subjects expected{{SubjectKind::drive, "wwn-0x2"}};
    for (const char* word : {"wwn-0x2", "sdb", "/dev/sdb"}) {
        CAPTURE(word);
        CHECK(command.run(word) == 0);
        CHECK(command.requested() == expected);
    }
}

TEST_CASE("forget refuses what is here, what is unknown and what cannot be missing") {
    ForgetCommand command;
    CHECK(run_forget(command.config, "sda") == 3);  // no report
    command.drive("wwn-0x1", "sda", 1);
    command.report.observations.push_back(
        {&metric::filesystem_read_only, "/srv", {}, 0, command.report.written_at});
    for (const char* word : {"sda", "wwn-0x1", "sdz", "/srv"}) {
        CAPTURE(word);
        CHECK(command.run(word) == 3);
    }
    CHECK(command.requested().empty());
}

TEST_CASE("of a present and a missing drive with one name, forget takes the missing one") {
    ForgetCommand command;
    command.drive("wwn-0x1", "sdb", 0);
    command.drive("wwn-0x2", "sdb", 1);
    CHECK(command.run("sdb") == 0);
    CHECK(command.requested() == ForgetCommand::Subjects{{SubjectKind::drive, "wwn-0x1"}});
    command.drive("wwn-0x3", "sdb", 0);
    CHECK(command.run("sdb") == 3);
    CHECK(command.requested().empty());
}
