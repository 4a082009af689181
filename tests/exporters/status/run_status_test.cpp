#include <doctest/doctest.h>
#include <fcntl.h>

#include "core/child_process.hpp"
#include "core/clock.hpp"
#include "core/config.hpp"
#include "core/files.hpp"
#include "core/metrics/drives.hpp"
#include "exporters/status/status.hpp"
#include "tests/exporters/reports.hpp"
#include "tests/quiet.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

struct Saved {
    RecordedHost place;
    std::string path = place.root() + "/report.json";

    int status_of(Report report, const std::string& subject = "", Seconds age = 0) const {
        const Seconds shift = wall_clock() - age - report.written_at;
        report.written_at += shift;
        for (Observation& one : report.observations) {
            one.observed_at += shift;
            if (one.metric->name.ends_with("_timestamp_seconds")) one.value += shift;
        }
        REQUIRE(write_report(report, path));
        const Quiet quiet;
        return run_status({.report_path = path, .subject = subject});
    }
};

}  // namespace

TEST_CASE("the exit status for a subject is that of its own findings") {
    const Saved saved;
    CHECK(saved.status_of(healthy_host(), "sda") == 0);
    CHECK(saved.status_of(failing_drive(), "sdb") == 2);
    CHECK(saved.status_of(failing_drive(), "sda") == 0);
    CHECK(saved.status_of(failing_drive(), "nothing") == 3);
    CHECK(saved.status_of(sleeping_drive(), "sdc") == 0);
}

TEST_CASE("output that cannot be written is no success") {
    const Saved saved;
    REQUIRE(saved.status_of(healthy_host()) == 0);
    const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full.get() >= 0);
    auto child =
        ChildProcess::start([&] { return run_status({.report_path = saved.path, .subject = ""}); },
                            {.output = full.get()});
    REQUIRE(child.has_value());
    const auto end = child->wait(60);
    REQUIRE(end.has_value());
    CHECK(end->status == 3);
}

TEST_CASE("a drive that was never read is unknown, also if it is asked for alone") {
    const Saved saved;
    Report report = healthy_host();
    std::erase_if(report.observations, [](const Observation& one) {
        const bool identity =
            one.metric == &metric::drive_info || one.metric == &metric::drive_present;
        return one.subject == "wwn-0x5000c5000000000b" && !identity;
    });
    CHECK(saved.status_of(report) == 3);
    CHECK(saved.status_of(report, "sdb") == 3);
    CHECK(saved.status_of(report, "sda") == 0);
    CHECK(saved.status_of(report, "md0") == 0);
    CHECK(saved.status_of(report, "smart") == 0);
}

TEST_CASE("when the agent is dead, nothing is known, about a subject neither") {
    const Saved saved;
    CHECK(saved.status_of(healthy_host(), "", 3600) == 3);
    CHECK(saved.status_of(healthy_host(), "sda", 3600) == 3);
    // Nobody holds its lock: the agent was killed a moment ago.
    REQUIRE(write_file(agent_life_path(saved.path), "", Synced::no));
    CHECK(saved.status_of(healthy_host()) == 3);
    CHECK(saved.status_of(healthy_host(), "sda") == 3);
    CHECK(saved.status_of(failing_drive(), "sdb") == 3);
}
