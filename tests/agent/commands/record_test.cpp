#include "agent/commands/record.hpp"

#include <doctest/doctest.h>

#include "agent/requests.hpp"
#include "core/clock.hpp"
#include "core/report.hpp"
#include "tests/quiet.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

class RecordCommand {
  public:
    RecordCommand() {
        config.runtime_directory.value = place_.root();
        config.backups.emplace_back().name = "db8";
    }
    int run(const RecordOptions& options) const {
        const test::Quiet quiet;
        return run_record(config, options);
    }
    std::vector<CopyRecord> asked() const { return take_requests(config).record; }

    Config config;

  private:
    test::RecordedHost place_;
};

}  // namespace

TEST_CASE("what was verified or restored is asked to be recorded, with user, time and note") {
    const RecordCommand command;
    CHECK(command.run({.what = "verified", .backup = "db8", .note = "restic check\nall"}) == 0);
    const auto asked = command.asked();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].what == "verified");
    CHECK(asked[0].backup == "db8");
    CHECK(asked[0].note.find('\n') == std::string::npos);
    CHECK_FALSE(asked[0].by.empty());
    CHECK(asked[0].at <= wall_clock());
    CHECK(asked[0].at > wall_clock() - 60);
}

TEST_CASE("what cannot be recorded is refused") {
    const RecordCommand command;
    CHECK(command.run({.what = "made", .backup = "db8"}) == 3);
    CHECK(command.run({.what = "verified"}) == 3);
    CHECK(command.run({.what = "verified", .backup = "db9"}) == 3);
    CHECK(command.run({.what = "verified", .backup = "db8", .note = std::string(201, 'x')}) == 3);
    CHECK(command.asked().empty());
}

TEST_CASE("without a word it lists what is recorded") {
    const RecordCommand command;
    CHECK(command.run({}) == 3);  // no report
    Report report;
    report.written_at = wall_clock();
    REQUIRE(write_report(report, report_path(command.config)));
    CHECK(command.run({}) == 0);
    Config none = command.config;
    none.backups.clear();
    const test::Quiet quiet;
    CHECK(run_record(none, {}) == 0);
}
