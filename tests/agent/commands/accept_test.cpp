#include "agent/commands/accept.hpp"

#include <doctest/doctest.h>

#include "agent/requests.hpp"
#include "core/clock.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/report.hpp"
#include "tests/quiet.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

// md0 has 16 mismatches and lost a member.
class AcceptCommand {
  public:
    AcceptCommand() {
        config_.runtime_directory.value = place_.root();
        report.written_at = wall_clock();
        report.observations.push_back(
            {&metric::array_info, "md-uuid-1", {{"device", "md0"}}, 1, report.written_at});
        for (const char* rule : {"array_mismatches", "array_failed"}) {
            Finding finding;
            finding.rule = rule;
            finding.kind = SubjectKind::array;
            finding.subject = "md-uuid-1";
            finding.value = 16;
            report.findings.push_back(finding);
        }
    }
    int run(const AcceptOptions& options) {
        REQUIRE(write_report(report, report_path(config_)));
        const test::Quiet quiet;
        return run_accept(config_, options);
    }
    Requests requests() { return take_requests(config_); }

    Report report;

  private:
    test::RecordedHost place_;
    Config config_;
};

}  // namespace

TEST_CASE("a finding is accepted up to its present value") {
    AcceptCommand command;
    CHECK(command.run({.rule = "array_mismatches", .subject = "md0", .reason = "known"}) == 0);
    const auto asked = command.requests().accept;
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].subject == "md-uuid-1");
    CHECK(asked[0].up_to == 16.0);
    CHECK(asked[0].reason == "known");
    CHECK_FALSE(asked[0].by.empty());
    CHECK(asked[0].until > wall_clock() + 89 * 86400.0);
}

TEST_CASE("accept refuses what is not found, has no reason or lasts too long") {
    AcceptCommand command;
    for (const AcceptOptions& options : std::vector<AcceptOptions>{
             {.rule = "array_mismatches", .subject = "md0"},
             {.rule = "array_mismatches", .subject = "md1", .reason = "known"},
             {.rule = "array_mismatches", .reason = "known"},
             {.rule = "array_gone", .subject = "md0", .reason = "known"},
             {.rule = "nonsense", .subject = "md0", .reason = "known"},
             {.rule = "array_mismatches", .subject = "md0", .until = "soon", .reason = "known"},
             {.rule = "array_mismatches", .subject = "md0", .until = "400d", .reason = "known"},
             {.rule = "array_failed", .subject = "md0", .until = "8d", .reason = "known"},
             {.rule = "array_mismatches", .subject = "md0", .revoke = true}})
        CHECK(command.run(options) == 3);
    CHECK(command.requests().accept.empty());
    CHECK(command.run(
              {.rule = "array_failed", .subject = "md0", .until = "6d", .reason = "known"}) == 0);
    CHECK_FALSE(command.requests().accept.at(0).up_to);
}

TEST_CASE("an acceptance is revoked") {
    AcceptCommand command;
    command.report.findings[0].accepted = Acceptance{};
    command.report.findings[0].accepted->until = wall_clock() + 60;
    CHECK(command.run({.rule = "array_mismatches", .subject = "md0", .revoke = true}) == 0);
    CHECK(command.requests().revoke.at(0).second == "md-uuid-1");
}

TEST_CASE("without --until an acceptance lasts 90 days, or as long as the rule allows") {
    AcceptCommand command;
    CHECK(command.run({.rule = "array_failed", .subject = "md0", .reason = "known"}) == 0);
    const auto asked = command.requests().accept;
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].until < wall_clock() + 7.1 * 86400);
}

TEST_CASE("accept without a rule lists the findings and asks for nothing") {
    AcceptCommand command;
    command.report.findings[0].accepted = Acceptance{};
    CHECK(command.run({}) == 0);
    CHECK(command.requests().accept.empty());
    CHECK(command.requests().revoke.empty());
    command.report.findings.clear();
    CHECK(command.run({}) == 0);
}

TEST_CASE("a backup stands for all of its streams that have the finding") {
    AcceptCommand command;
    for (const char* stream : {"guests/101", "guests/102", "guests-nas/101"}) {
        command.report.observations.push_back(
            {&metric::backup_info, stream, {{"kind", "vzdump"}}, 1, command.report.written_at});
        Finding finding;
        finding.rule = "backup_incomplete";
        finding.kind = SubjectKind::backup;
        finding.subject = stream;
        command.report.findings.push_back(finding);
    }
    command.report.observations.push_back(
        {&metric::backup_info, "guests", {{"kind", "vzdump"}}, 1, command.report.written_at});
    CHECK(command.run({.rule = "backup_incomplete", .subject = "guests", .reason = "known"}) == 0);
    const auto asked = command.requests().accept;
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].subject != asked[1].subject);
    for (const Acceptance& one : asked) CHECK(one.subject.starts_with("guests/"));
    for (Finding& finding : command.report.findings)
        if (finding.rule == "backup_incomplete") {
            finding.accepted = Acceptance{};
            finding.accepted->until = wall_clock() + 60;
        }
    CHECK(command.run({.rule = "backup_incomplete", .subject = "guests", .revoke = true}) == 0);
    CHECK(command.requests().revoke.size() == 2);
}
