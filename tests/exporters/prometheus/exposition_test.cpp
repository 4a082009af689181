#include "exporters/prometheus/exposition.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>

#include "core/files.hpp"
#include "core/host.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "exporters/prometheus/textfile.hpp"
#include "tests/exporters/reports.hpp"
#include "tests/select.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

size_t lines_starting(const std::string& text, const std::string& start) {
    size_t count = text.starts_with(start) ? 1 : 0;
    for (size_t at = 0; (at = text.find("\n" + start, at)) != std::string::npos; ++at) {
        ++count;
    }
    return count;
}

// What promtool reports about the exposition; empty if nothing.
std::string promtool(const std::string& exposition) {
    const TemporaryDirectory folder;
    const std::string file = folder.write("metrics", exposition);
    Command command;
    command.arguments = {"sh", "-c", "promtool check metrics < \"$1\" 2>&1; echo status $?", "sh",
                         file};
    const auto said = Host().run(command);
    REQUIRE(said);
    return said->standard_output == "status 0\n" ? "" : said->standard_output;
}

}  // namespace

TEST_CASE("observations, findings and the time of the report become series") {
    const auto text = to_exposition(failing_drive(), true);
    CHECK(has_line(text, "# TYPE lastgood_drive_pending_sectors gauge"));
    CHECK(has_line(text, "lastgood_drive_pending_sectors{drive=\"wwn-0x5000c5000000000b\"} 1944"));
    CHECK(has_line(text, "# TYPE lastgood_drive_kernel_errors_total counter"));
    CHECK(has_line(
        text,
        "lastgood_drive_kernel_errors_total{drive=\"wwn-0x5000c5000000000b\",kind=\"medium\"} 12"));
    CHECK(has_line(text, "# TYPE lastgood_drive_info gauge"));
    CHECK(has_line(text, "# TYPE lastgood_array_sync_action gauge"));
    CHECK(has_line(text, "# TYPE lastgood_backup_count untyped"));
    CHECK(has_line(text, "lastgood_backup_count{backup=\"db8\"} 8"));
    CHECK(has_line(text, "lastgood_report_timestamp_seconds 1789999996"));
    CHECK(has_line(text, "lastgood_watched_since_timestamp_seconds 1785593600"));
    CHECK(has_line(text,
                   "lastgood_finding{kind=\"drive\",rule=\"drive_failing\",severity=\"critical\","
                   "subject=\"wwn-0x5000c5000000000b\"} 1"));
    CHECK(lines_starting(text, "lastgood_drive_pending_sectors{") == 4);
    CHECK(lines_starting(text, "# HELP lastgood_drive_pending_sectors ") == 1);
    CHECK(text.find("problem") == std::string::npos);
    CHECK(has_line(text, "lastgood_host_health{state=\"critical\"} 1"));
    CHECK(has_line(text,
                   "lastgood_drive_health{drive=\"wwn-0x5000c5000000000b\",state=\"critical\"} 1"));
    CHECK(
        has_line(text, "lastgood_drive_health{drive=\"wwn-0x5000c5000000000a\",state=\"fine\"} 1"));
    CHECK(has_line(text, "lastgood_backup_health{backup=\"db8\",state=\"fine\"} 1"));
    CHECK(lines_starting(text, "lastgood_drive_health{") == 4);
    CHECK(lines_starting(text, "lastgood_collector_health{") == 5);
}

TEST_CASE("no collector can tell how a subject is judged") {
    Report report = failing_drive();
    report.observations.push_back(
        {&metric::drive_health, "wwn-0x5000c5000000000b", {{"state", "fine"}}, 1, report_time});
    CHECK(to_exposition(report, true) == to_exposition(failing_drive(), true));
}

TEST_CASE("an old report exposes only its time") {
    const auto text = to_exposition(failing_drive(), false);
    CHECK(lines_starting(text, "lastgood_") == 1);
    CHECK(has_line(text, "lastgood_report_timestamp_seconds 1789999996"));
    CHECK(is_fresh(1000, 1000 + agent_silence));
    CHECK(!is_fresh(1000, 1001 + agent_silence));
    CHECK(!is_fresh(1000, 999 - agent_silence));
}

TEST_CASE("hostile label values are escaped") {
    const auto text = to_exposition(hostile_names(), true);
    CHECK(text.find("lastgood_filesystem_used_ratio{filesystem=\"/srv/"
                    "\u30d0\u30c3\u30af\u30a2\u30c3\u30d7\\n\\\"x\\\\y\\\"\"} 0.5\n") !=
          std::string::npos);
}

TEST_CASE("what would harm a terminal is escaped in a label, and different values stay different") {
    Report report = healthy_host(1);
    const Observation good = *test::select(report.observations, metric::drive_size_bytes).front();
    const std::pair<const char*, const char*> names[] = {
        {"a\033[2J\007\r", "a\\\\u001b[2J\\\\u0007\\\\u000d"},
        {"a\\u001b[2J", "a\\\\u005cu001b[2J"},
        {"\u009b\u202e\ufeff", "\\\\u009b\\\\u202e\\\\ufeff"},
        {"\U000e0041", "\\\\U000e0041"},
        {"C:\\data", "C:\\\\data"},
        {"M\u00fcller\t\u30d0", "M\u00fcller\t\u30d0"},
    };
    for (const auto& [name, exposed] : names) {
        report.observations.push_back(good);
        report.observations.back().subject = name;
    }
    for (const bool openmetrics : {false, true}) {
        const Exposition metrics = to_expositions(report, true);
        const std::string& text = openmetrics ? metrics.openmetrics : metrics.text;
        for (const auto& [name, exposed] : names) {
            const std::string series =
                "lastgood_drive_size_bytes{drive=\"" + std::string(exposed) + "\"} ";
            CAPTURE(series);
            CHECK(text.find(series) != std::string::npos);
        }
        CHECK(text.find('\033') == std::string::npos);
    }
}

TEST_CASE("a series that occurs twice is exposed once, with its last value") {
    Report report = healthy_host(1);
    Observation again = *test::select(report.observations, metric::drive_size_bytes).front();
    again.value = 5;
    report.observations.push_back(again);
    report.findings.assign(2, {"r", Severity::warning, SubjectKind::host, "", "a", {"b"}, 0});
    const auto text = to_exposition(report, true);
    CHECK(lines_starting(text, "lastgood_drive_size_bytes{") == 1);
    CHECK(text.find("lastgood_drive_size_bytes{drive=\"wwn-0x5000c5000000000a\"} 5\n") !=
          std::string::npos);
    CHECK(lines_starting(text, "lastgood_finding{") == 1);
}

TEST_CASE("promtool accepts every metric") {
    Command command;
    command.arguments = {"promtool", "--version"};
    if (!Host().run(command)) {
        test::skip("promtool (package prometheus) is not installed");
        return;
    }
    CHECK(promtool(to_exposition(every_metric(), true)) == "");
    CHECK(promtool(to_exposition(stale_backup(), true)) == "");
    CHECK(promtool("# TYPE lastgood_total gauge\nlastgood_total 1\n") !=
          "");  // promtool was really asked
}

TEST_CASE("the textfile is replaced atomically, readable by all, and ends in .prom") {
    const TemporaryDirectory folder;
    const std::string path = folder.path + "/lastgood.prom";
    const mode_t before = ::umask(077);
    const auto written = write_textfile(healthy_host(2), path);
    ::umask(before);
    REQUIRE(written);
    CHECK(test::read_file(path) == to_exposition(healthy_host(2), true));
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0644);
    CHECK(!write_textfile(healthy_host(2), folder.path + "/lastgood.txt"));
    const auto failed = write_textfile(healthy_host(2), folder.path + "/nowhere/lastgood.prom");
    REQUIRE(!failed);
    CHECK(failed.error().message.find("/nowhere/") != std::string::npos);
}

TEST_CASE("what is accepted is no series, and what cannot be told says so") {
    Report report;
    Finding finding{"drive_not_answering", Severity::unknown, SubjectKind::drive, "a", "", {}, 1};
    report.findings.push_back(finding);
    CHECK(
        to_exposition(report, true).find("lastgood_finding{certainty=\"unknown\",kind=\"drive\"") !=
        std::string::npos);
    report.findings[0].accepted = Acceptance{};
    CHECK(to_exposition(report, true).find("lastgood_finding") == std::string::npos);
}

TEST_CASE("the judgement of a subject counts what it stands on; no number is no series") {
    Report report;
    report.written_at = report_time;
    const auto add = [&](const Metric& metric, const char* subject, double value, Labels labels) {
        report.observations.push_back({&metric, subject, std::move(labels), value, report_time});
    };
    add(metric::drive_info, "a", 1, {{"device", "sda"}});
    add(metric::drive_read_timestamp_seconds, "a", report_time - 60, {});
    add(metric::drive_temperature_celsius, "a", std::nan(""), {});
    add(metric::filesystem_size_bytes, "/", 1, {});
    add(metric::filesystem_drive, "/", 1, {{"drive", "a"}});
    report.findings.push_back(
        {"drive_failing_verdict", Severity::critical, SubjectKind::drive, "a", "It fails.", {}, 1});
    const std::string text = to_exposition(report, true);
    CHECK(has_line(text, "lastgood_drive_health{drive=\"a\",state=\"critical\"} 1"));
    CHECK(has_line(text, "lastgood_filesystem_health{filesystem=\"/\",state=\"critical\"} 1"));
    CHECK(text.find("lastgood_drive_temperature_celsius") == std::string::npos);
}
