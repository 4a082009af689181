// What the tables of the status screen, its proof, its notes and the JSON must not leave out.
#include "exporters/status/tables.hpp"

#include <doctest/doctest.h>

#include "core/metrics/data.hpp"
#include "exporters/status/json.hpp"
#include "exporters/status/view.hpp"
#include "tests/mirror.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

using MakeTable = Table (*)(const TableContext&);

// "state/pull?/remarks" of the row of the name; "+" behind it if the row may be folded.
std::string row(const Report& report, MakeTable make, const std::string& name) {
    const Facts facts(report);
    const Judge judge(report, facts, now);
    for (const Row& one : make({judge}).rows) {
        if (one.cells[1].text != name) continue;
        std::string text = one.cells.front().text;
        if (make == drive_table) text += "/" + one.cells[8].text;
        return text + "/" + one.cells.back().text + (one.plain ? "+" : "");
    }
    return "no such row";
}

std::string folded_drives(const Report& report) {
    const Facts facts(report);
    const Judge judge(report, facts, now);
    return drive_table({judge}).folded;
}

Finding warning(const char* rule, SubjectKind kind, const char* subject) {
    return {rule, Severity::warning, kind, subject, "Something is wrong.", {}, now - 60, 1};
}

void add(Report& report, const Metric& metric, const char* subject, double value,
         Labels labels = {}) {
    report.observations.push_back({&metric, subject, std::move(labels), value, now - 5});
}

}  // namespace

TEST_CASE("a drive that must stay says so, also where it is folded") {
    Report report = mirror();
    CHECK(row(report, drive_table, "sda") == "fine/ask/+");
    CHECK(folded_drives(report).find("must stay") == std::string::npos);
    report.observations.push_back(use("a", "filesystem", "/scratch"));
    CHECK(row(report, drive_table, "sda") == "fine/no/+");
    CHECK(row(report, drive_table, "sdb") == "fine/ask/+");
    CHECK(folded_drives(report).find("; 1 must stay") != std::string::npos);
    report = mirror();
    find(report, metric::array_member_fatal, "md0").value = 1;
    CHECK(row(report, drive_table, "sda").find("must stay in md0") != std::string::npos);
}

TEST_CASE("what a drive counts keeps its row, and a finding comes before its state") {
    Report report = mirror();
    add(report, metric::drive_reallocated_sectors, "a", 8);
    CHECK(row(report, drive_table, "sda") == "fine/ask/8 reallocated");
    report.findings.push_back(warning("drive_slow", SubjectKind::drive, "a"));
    add(report, metric::drive_power_state, "a", 1, {{"state", "standby"}});
    CHECK(row(report, drive_table, "sda").starts_with("warning/"));
    find(report, metric::drive_read_timestamp_seconds, "a").value = now - 9 * 86400.0;
    find(report, metric::drive_power_state, "a").labels[0].second = "active";
    CHECK(row(report, drive_table, "sda").starts_with("warning/"));
}

TEST_CASE(
    "an array that is busy, and a filesystem without a backup by the user's word, are shown") {
    Report report = mirror();
    add(report, metric::array_degraded_members, "md0", 0);
    CHECK(row(report, array_table, "md0") == "fine/+");
    add(report, metric::array_sync_action, "md0", 1, {{"action", "check"}});
    CHECK(row(report, array_table, "md0") == "fine/");
    add(report, metric::filesystem_size_bytes, "/cache", 1);
    CHECK(row(report, filesystem_table, "/cache") == "fine/+");
    add(report, metric::filesystem_backup_waived, "/cache", 1, {{"reason", "a cache"}});
    CHECK(row(report, filesystem_table, "/cache") == "fine/no backup, by your word: a cache");
}

TEST_CASE("the screen of a drive says that nobody can tell whether it may be pulled") {
    Report report = mirror();
    report.observations.push_back(use("a", "volume", "vg0/vm"));
    CHECK(render_subject(report, "sda", now, {120, 0, false})
              .find("cannot tell whether it may be pulled") != std::string::npos);
}

TEST_CASE("the proof of fine is as old as its oldest part") {
    Report report = mirror();
    find(report, metric::drive_read_timestamp_seconds, "a").value = now - 7200;
    add(report, metric::array_info, "md1", 1, {{"device", "md1"}});
    add(report, metric::array_last_check_timestamp_seconds, "md1", now - 86400);
    const Facts facts(report);
    const std::string proof = proof_of(Judge(report, facts, now));
    CHECK(proof.starts_with("2 drives were read in the last 2 h"));
    CHECK(proof.find("md0 was not read through") != std::string::npos);
}

TEST_CASE("that an acceptance ends soon is a note") {
    Report report = mirror();
    Finding finding = warning("drive_slow", SubjectKind::drive, "a");
    finding.accepted = Acceptance{finding.rule, finding.kind, "a", {}, now + 3600, "me", "why"};
    report.findings.push_back(finding);
    CHECK(mentions(judge(report, now).notes, "in 60 min this counts again: Something is wrong."));
    report.findings[0].accepted->until = now + 80 * 86400.0;
    CHECK_FALSE(mentions(judge(report, now).notes, "counts again"));
}

TEST_CASE("the JSON of a subject tells why it is not fine, and whether it must stay") {
    Report report = mirror();
    report.findings.push_back(warning("drive_slow", SubjectKind::drive, "a"));
    report.observations.push_back(use("a", "filesystem", "/scratch"));
    const Facts facts(report);
    const std::string json = status_to_json(report, Judge(report, facts, now), Health::warning,
                                            {facts.find(SubjectKind::drive, "a")});
    for (const char* part :
         {"\"health\":\"warning\",\n\"judgements\"", "\"name\":\"sda\",\"health\":\"warning\"",
          "\"pull\":\"no\"", "\"text\":\"Something is wrong\",\"rule\":\"drive_slow\""})
        CHECK_MESSAGE(json.find(part) != std::string::npos, part);
}

TEST_CASE("pieces of data are counted in words") {
    Report report = mirror();
    for (const char* one : {"files /srv/a", "files /srv/b"}) add(report, metric::data_info, one, 1);
    const Facts facts(report);
    const Judge judge(report, facts, now);
    CHECK(data_table({judge}).folded == "2 pieces of data, all fine");
}

TEST_CASE("a command stays on one line, and a change is applied after each") {
    Report report = mirror();
    Finding finding = warning("backup_x", SubjectKind::backup, "www");
    const std::string command = "lastgood record restored www --note '...' --config /etc/x/l.toml";
    finding.steps = {"Then write down what was restored, and who did it: " + command,
                     "Apply it: systemctl reload lastgood"};
    report.findings.push_back(finding);
    finding.rule = "backup_y";
    finding.steps = {"Correct its covers.", "Apply it: systemctl reload lastgood"};
    report.findings.push_back(finding);
    const std::string screen = render_subject(report, "www", now, {80, 0, false});
    CHECK_MESSAGE(screen.find(" " + command + "\n") != std::string::npos, screen);
    CHECK_MESSAGE(screen.find("2. Apply it", screen.find("2. Apply it") + 1) != std::string::npos,
                  screen);
    CHECK(screen.find("First do the steps above") == std::string::npos);
}
