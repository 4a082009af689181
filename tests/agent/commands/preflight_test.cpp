#include "agent/commands/preflight.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/commands/open_devices.hpp"
#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/metrics/drives.hpp"
#include "core/report.hpp"
#include "tests/quiet.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

// /srv lies on sda alone; sdb and sdc are not used and have the same model.
Report three_drives() {
    Report report;
    report.written_at = wall_clock();
    for (const char* drive : {"a", "b", "c"}) {
        const Labels labels = {{"device", std::string("sd") + drive}, {"serial", "S1"}};
        report.observations.push_back({&metric::drive_info, drive, labels, 1, report.written_at});
    }
    const auto use = [&](const char* drive, const char* device, const char* kind) {
        report.observations.push_back({&metric::drive_use,
                                       drive,
                                       {{"device", device}, {"use", kind}, {"name", "/srv"}},
                                       1,
                                       report.written_at});
    };
    use("a", "sda1", "filesystem");
    use("b", "sdb", "none");
    use("c", "sdc", "none");
    return report;
}

Held held = Held::no;

int exit_status(const Report& report, const std::string& word) {
    const test::RecordedHost place;
    const std::string path = place.root() + "/report.json";
    REQUIRE(write_report(report, path));
    const test::Quiet quiet;
    return run_preflight(path, word, [](std::string_view) { return held; });
}

}  // namespace

TEST_CASE("the exit status of preflight is 0 only if the drive is safe to pull") {
    CHECK(exit_status(three_drives(), "sdb") == 0);
    CHECK(exit_status(three_drives(), "/dev/sdb") == 0);
    CHECK(exit_status(three_drives(), "sda") == 2);
    held = Held::yes;
    CHECK(exit_status(three_drives(), "sdb") == 3);
    held = Held::no;
    Report old = three_drives();
    old.written_at -= 1000;
    CHECK(exit_status(old, "sdb") == 3);
    CHECK(run_preflight("/no/such/report.json", "sdb") == 3);
}

TEST_CASE("preflight judges only a drive that the word names alone") {
    CHECK(exit_status(three_drives(), "sdd") == 3);
    CHECK(exit_status(three_drives(), "S1") == 3);    // three drives
    CHECK(exit_status(three_drives(), "/srv") == 3);  // a filesystem
}

TEST_CASE("a device that a process has open is found without asking the device") {
    const char* path = "/dev/full";  // which hardly anybody has open
    struct stat found {};
    REQUIRE(::stat(path, &found) == 0);
    const Held before = opened_by_a_process(found.st_rdev, S_IFCHR);
    CHECK(before == (::geteuid() == 0 ? Held::no : Held::unknown));
    const Descriptor opened(::open(path, O_RDONLY | O_CLOEXEC));
    REQUIRE(opened.get() >= 0);
    CHECK(opened_by_a_process(found.st_rdev, S_IFCHR) == Held::yes);
    CHECK(opened_by_a_process(found.st_rdev, S_IFBLK) == before);
}

TEST_CASE("what is no block device proves nothing") {
    CHECK(held_by_another("null") == Held::unknown);
    CHECK(held_by_another("no-such-device") == Held::unknown);
}
