#include "agent/commands/forget.hpp"

#include <doctest/doctest.h>

#include "agent/requests.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/report.hpp"
#include "tests/quiet.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

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
    Subjects requested() { return take_requests(config).forget; }
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
