#include <doctest/doctest.h>

#include <cmath>

#include "core/host.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/exposition.hpp"
#include "tests/exporters/reports.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

Report report_of(std::vector<Observation> observations) {
    Report report;
    report.written_at = report_time;
    report.observations = std::move(observations);
    return report;
}

std::string openmetrics_of(std::vector<Observation> observations) {
    return to_expositions(report_of(std::move(observations)), true).openmetrics;
}

// What the parser of Prometheus' client for Python says, which knows the specification best; "" if
// nothing.
std::string parsed_by_python(const std::string& openmetrics) {
    const TemporaryDirectory folder;
    const std::string file = folder.write("metrics", openmetrics);
    Command command;
    command.arguments = {"/usr/bin/python3", "-c",
                         "import sys\nfrom prometheus_client.openmetrics import parser\n"
                         "text = open(sys.argv[1], encoding='utf-8').read()\n"
                         "try:\n    families = list(parser.text_string_to_metric_families(text))\n"
                         "    print('' if families else 'no family', end='')\n"
                         "except ValueError as error:\n    print(error, end='')\n",
                         file};
    const auto said = Host().run(command);
    REQUIRE(said);
    return said->exit_status == 0 ? said->standard_output : said->standard_error;
}

}  // namespace

TEST_CASE("Prometheus' parser for Python accepts every metric and every report as OpenMetrics") {
    if (contains(parsed_by_python("# EOF\n"), "ModuleNotFoundError")) {
        test::skip("python3-prometheus-client is not installed");
        return;
    }
    for (const Report& report : {every_metric(), failing_drive(), degraded_array(), stale_backup(),
                                 hostile_names(), unreadable_host()})
        CHECK(parsed_by_python(to_expositions(report, true).openmetrics) == "");
    CHECK(parsed_by_python(to_expositions(every_metric(), false).openmetrics) == "");
    // The parser was really asked.
    CHECK(parsed_by_python("# TYPE a counter\na 1\n# EOF\n") != "");
    CHECK(parsed_by_python("# TYPE a gauge\na 1\n") != "");
}

TEST_CASE("OpenMetrics: families, types and units") {
    const std::string text = to_expositions(failing_drive(), true).openmetrics;
    CHECK(has_line(text, "# TYPE lastgood_drive_kernel_errors counter"));
    CHECK(has_line(
        text,
        "lastgood_drive_kernel_errors_total{drive=\"wwn-0x5000c5000000000b\",kind=\"medium\"} 12"));
    CHECK(has_line(text, "# TYPE lastgood_drive info"));
    CHECK(text.find("\nlastgood_drive_info{drive=") != std::string::npos);
    CHECK(text.find("# UNIT lastgood_drive ") == std::string::npos);
    CHECK(has_line(text, "# TYPE lastgood_drive_size_bytes gauge"));
    CHECK(has_line(text, "# UNIT lastgood_drive_size_bytes bytes"));
    CHECK(text.find("# UNIT lastgood_drive_pending_sectors") == std::string::npos);
    CHECK(has_line(text, "# TYPE lastgood_backup_count unknown"));
    CHECK(has_line(text, "lastgood_report_timestamp_seconds 1789999996"));
    CHECK(has_line(text, "lastgood_host_health{state=\"critical\"} 1"));
    CHECK(text.ends_with("\n# EOF\n"));
    CHECK(text.find("# EOF") == text.size() - 6);
}

TEST_CASE("OpenMetrics: an old report is its time alone") {
    CHECK(to_expositions(failing_drive(), false).openmetrics ==
          "# TYPE lastgood_report_timestamp_seconds gauge\n"
          "# UNIT lastgood_report_timestamp_seconds seconds\n"
          "# HELP lastgood_report_timestamp_seconds When the report was written.\n"
          "lastgood_report_timestamp_seconds 1789999996\n# EOF\n");
}

TEST_CASE("OpenMetrics: what a type forbids is told as another type") {
    const std::string text = openmetrics_of(
        {{&metric::drive_info, "a", {{"device", "sda"}}, 5, report_time},
         {&metric::drive_kernel_errors_total, "a", {{"kind", "io"}}, -1, report_time}});
    CHECK(has_line(text, "# TYPE lastgood_drive_info gauge"));
    CHECK(has_line(text, "lastgood_drive_info{drive=\"a\",device=\"sda\"} 5"));
    CHECK(has_line(text, "# TYPE lastgood_drive_kernel_errors_total unknown"));
}

TEST_CASE("OpenMetrics: quotes, backslashes and newlines are escaped, values are exact") {
    const std::string text =
        openmetrics_of({{&metric::backup_info, "a\"b\\c\nd", {{"kind", "files"}}, 1, report_time},
                        {&metric::backup_size_bytes, "big", {}, 1e300, report_time},
                        {&metric::backup_size_bytes, "exact", {}, 0.1, report_time}});
    CHECK(has_line(text, "lastgood_backup_info{backup=\"a\\\"b\\\\c\\nd\",kind=\"files\"} 1"));
    CHECK(has_line(text, "lastgood_backup_size_bytes{backup=\"big\"} 1e+300"));
    CHECK(has_line(text, "lastgood_backup_size_bytes{backup=\"exact\"} 0.1"));
}

TEST_CASE("labels that Prometheus refuses do not cost the scrape") {
    Report report = report_of({});
    const auto add = [&](Labels labels) {
        report.observations.push_back(
            {&metric::drive_attribute, "a", std::move(labels), 1, report_time});
    };
    add({{"kind", "raw"}, {"id", "5"}});  // not sorted
    add({{"id", "5"}, {"id", "6"}});
    add({{"", "x"}});
    add({{"1st", "x"}});
    add({{"a b", "x"}});
    add({{"__name__", "x"}});
    add({{"drive", "x"}});
    add({{"h\u00fc", "x"}});
    add({{"id", "7"}, {"name", ""}});
    add({{"id", "7"}});
    report.written_at = std::nan("");
    const Exposition both = to_expositions(report, true);
    for (const std::string& text : {both.text, both.openmetrics}) {
        CAPTURE(text);
        CHECK(text.find("lastgood_drive_attribute{drive=\"a\",id=\"7\"} 1\n") != std::string::npos);
        size_t series = 0;
        for (size_t at = 0; (at = text.find("\nlastgood_drive_attribute{", at)) != text.npos; ++at)
            ++series;
        CHECK(series == 1);
        CHECK(text.find("report_timestamp") == std::string::npos);
    }
}
