#include "agent/commands/explain_split.hpp"

#include <doctest/doctest.h>

#include <array>
#include <sstream>
#include <string>

#include "agent/commands/explain.hpp"
#include "core/metrics/drives.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'790'000'000;

constexpr std::array<const Explainer*, 4> explainers = {
    &smartctl_json_explainer, &nvme_json_explainer, &smartctl_text_explainer, &mdstat_explainer};

const std::string dmesg =
    "[    1.0] sd 2:0:0:0: [sdc] Attached SCSI disk\n"
    "[    9.1] blk_update_request: critical medium error, dev sdc, sector 337167281\n";
const std::string smartctl =
    "smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)\n"
    "\n"
    "=== START OF INFORMATION SECTION ===\n"
    "Device Model:     EXAMPLE HD1000\n"
    "Serial Number:    EX0001\n"
    "\n"
    "=== START OF READ SMART DATA SECTION ===\n"
    "SMART overall-health self-assessment test result: PASSED\n";
const std::string mdstat =
    "Personalities : [raid1]\n"
    "md0 : active raid1 sdb1[1] sda1[0]\n"
    "      1953381376 blocks super 1.2 [2/2] [UU]\n"
    "unused devices: <none>\n";
const std::string json =
    "{\n  \"smartctl\": {\"exit_status\": 0},\n  \"device\": {\"name\": \"/dev/sdd\"},\n"
    "  \"serial_number\": \"EX}{0002\",\n  \"smart_status\": {\"passed\": true}\n}\n";

std::string joined(const SplitText& split) {
    std::string text;
    for (const TextSection& section : split.sections)
        text += std::string(section.explainer->what) + "\n" + std::string(section.text) + "|\n";
    return text;
}

}  // namespace

TEST_CASE("each output of a text becomes a section, whatever lies between them") {
    const std::string prose = "Hello,\nmy drive is slow. What I tried:\n\n";
    const std::string text = prose + dmesg + "\nThen this:\n# smartctl -a /dev/sdc\n" + smartctl +
                             "\n\nroot@nas:~# cat /proc/mdstat\n" + mdstat + json + json + prose;
    const SplitText split = split_text(text, explainers);
    CHECK(joined(split) == "smartctl's output\n# smartctl -a /dev/sdc\n" + smartctl +
                               "|\n/proc/mdstat\n" + mdstat + "|\nsmartctl's JSON output\n" +
                               json.substr(0, json.size() - 1) + "|\nsmartctl's JSON output\n" +
                               json.substr(0, json.size() - 1) + "|\n");
    // Nothing is lost and nothing is read twice.
    size_t size = 0;
    for (const TextSection& section : split.sections) size += section.text.size();
    for (const std::string_view piece : split.rest) size += piece.size();
    CHECK(size == text.size());
}

TEST_CASE("outputs of the same kind are parted, quoted ones are found") {
    const SplitText two = split_text(smartctl + smartctl, explainers);
    CHECK(two.sections.size() == 2);
    const SplitText quoted =
        split_text("> Personalities : [raid1]\n> md0 : active raid1 sda1[0]\n", explainers);
    CHECK(quoted.sections.size() == 1);
}

TEST_CASE("a quoted output is read without its marks, and shown with them") {
    std::string quoted;
    std::istringstream lines("Bob wrote:\n" + mdstat);
    for (std::string line; std::getline(lines, line);) quoted += "> " + line + "\n";
    quoted.replace(quoted.find("sdb1[1]"), 7, "sdb1[1](F)");
    quoted.replace(quoted.find("[2/2] [UU]"), 10, "[2/1] [U_]");
    const auto explanation = explain_text(quoted, now);
    REQUIRE(explanation);
    REQUIRE(!explanation->report.findings.empty());
    REQUIRE(!explanation->evidence[0].lines.empty());
    CHECK(explanation->evidence[0].lines[0].number == 3);
    CHECK(explanation->evidence[0].lines[0].text.starts_with("> md0 : active"));
}

TEST_CASE("a JSON document that is cut off reaches to the end") {
    const SplitText split = split_text(json.substr(0, json.size() - 3) + "\n\n", explainers);
    REQUIRE(split.sections.size() == 1);
    CHECK(split.rest.empty());
}

TEST_CASE("lines get their numbers, with marks and without") {
    std::string text;
    for (int i = 1; i <= 20'000; ++i) text += "[    1.0] line " + std::to_string(i) + "\n";
    text += json + "\n[    2.0] the last line\n";
    const SplitText split = split_text(text, explainers);
    CHECK(split.marks.size() >= 4);
    const std::string_view whole = text;
    const std::vector<std::string_view> lines = {
        whole.substr(whole.find("[    2.0]"), 5), whole.substr(0, 5),
        whole.substr(whole.find("[    1.0] line 12345"), 5), whole.substr(whole.find('{'), 1)};
    const std::vector<uint64_t> expected = {20'008, 1, 12'345, 20'001};
    CHECK(line_numbers(text, lines) == expected);
    CHECK(line_numbers(text, lines, split.marks) == expected);
}

TEST_CASE(
    "a drive that a log names and smartctl identifies is one drive, if something links them") {
    const auto linked = explain_text(dmesg + "# smartctl -a /dev/sdc\n" + smartctl, now);
    REQUIRE(linked);
    REQUIRE(linked->report.findings.size() == 1);
    CHECK(linked->report.findings[0].summary.find("EX0001") != std::string::npos);
    CHECK(test::select(linked->report.observations, metric::drive_info).size() == 1);
    const auto apart = explain_text(dmesg + smartctl, now);
    REQUIRE(apart);
    CHECK(test::select(apart->report.observations, metric::drive_info).size() == 2);
}

TEST_CASE("findings of all outputs are joined, each with its lines") {
    const std::string failed =
        "\nsmartctl 7.3 2022-02-28 r5338\n"
        "SMART overall-health self-assessment test result: FAILED!\n";
    const auto explanation = explain_text(mdstat + dmesg + failed, now);
    REQUIRE(explanation);
    REQUIRE(explanation->parts.size() == 3);
    CHECK(explanation->parts[0].first_line == 1);
    CHECK(explanation->parts[0].last_line == 4);
    CHECK(explanation->parts[1].first_line == 5);
    CHECK(explanation->parts[1].last_line == 6);
    CHECK(explanation->parts[2].last_line == 9);
    REQUIRE(explanation->report.findings.size() == 2);
    for (size_t i = 0; i < 2; ++i) {
        REQUIRE(explanation->evidence[i].lines.size() == 1);
        const ShownLine& line = explanation->evidence[i].lines[0];
        if (explanation->report.findings[i].rule == "drive_failing_verdict") {
            CHECK(line.number == 9);
        } else {
            CHECK(line.number == 6);
            CHECK(line.sector == 337167281);
        }
    }
}

TEST_CASE("evidence of many lines is the first ones and the last") {
    std::string log;
    for (int i = 0; i < 1000; ++i)
        log += "[    9.1] critical medium error, dev sdc, sector " + std::to_string(i) + "\n";
    const auto explanation = explain_text(log, now);
    REQUIRE(explanation);
    REQUIRE(explanation->evidence.size() == 1);
    CHECK(explanation->evidence[0].count == 1000);
    REQUIRE(explanation->evidence[0].lines.size() == 4);
    CHECK(explanation->evidence[0].lines[3].number == 1000);
}

namespace {

Explanation explained(const std::string& text) {
    const auto explanation = explain_text(text, 1'790'000'000);
    REQUIRE(explanation);
    return *explanation;
}

constexpr const char* healthy_json =
    R"({"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":0},
"device":{"name":"/dev/sdq","type":"sat","protocol":"ATA"},
"model_name":"EXAMPLE HD1000","serial_number":"EX0001","smart_status":{"passed":true}}
)";

}  // namespace

TEST_CASE("the line above a JSON document is not part of it") {
    for (const char* above : {"root@host:~# smartctl -x -j /dev/sdq\n",
                              "time=\"2021-05-08\" msg=\"Executing command: smartctl -x -j\"\n"}) {
        CAPTURE(above);
        CHECK(explanation_health(explained(std::string(above) + healthy_json)) == Health::fine);
    }
    const Explanation nvme = explained(
        "# nvme smart-log -o json /dev/nvme7n1\n"
        R"({"critical_warning":0,"temperature":310,"avail_spare":100,"spare_thresh":10,)"
        R"("percent_used":1,"media_errors":0,"num_err_log_entries":0})"
        "\n");
    REQUIRE(nvme.parts.size() == 1);
    CHECK(nvme.parts[0].subjects == "nvme7n1");
    CHECK(explanation_health(nvme) == Health::fine);
}

TEST_CASE("what one output does not tell, another output of the same drive may") {
    const std::string silent =
        "# smartctl /dev/sdq\n"
        "smartctl 6.5 2016-05-07 r4318 [i686-linux-4.7.4_1] (local build)\n"
        "ATA device successfully opened\n\n";
    const std::string told =
        "# smartctl -a /dev/sdq\n"
        "smartctl 6.5 2016-05-07 r4318 [i686-linux-4.7.4_1] (local build)\n"
        "=== START OF INFORMATION SECTION ===\n"
        "Device Model:     EXAMPLE HD1000\n"
        "Serial Number:    EX0001\n"
        "=== START OF READ SMART DATA SECTION ===\n"
        "SMART overall-health self-assessment test result: PASSED\n";
    CHECK(explanation_health(explained(told)) == Health::fine);
    CHECK(explanation_health(explained(silent + told)) == Health::fine);
    CHECK(explanation_health(explained(silent)) == Health::unknown);
    std::string other = silent;
    other.replace(other.find("sdq"), 3, "sdr");
    CHECK(explanation_health(explained(other + told)) == Health::unknown);
}

TEST_CASE("a line of another program beside an understood output asks for no kernel log") {
    const std::string line =
        "2016-05-23T09:37:49.357Z cpu3:35375)nvme:NvmeCore_GetStatus:462:Command failed: 0xa\n\n";
    CHECK(explanation_health(explained(line + healthy_json)) == Health::fine);
    CHECK(explanation_health(explained(line)) == Health::unknown);
}

TEST_CASE("btrfs's counters of two filesystems on one drive") {
    const std::string first =
        "[/dev/sdq1].write_io_errs    40\n[/dev/sdq1].read_io_errs     2\n"
        "[/dev/sdq2].write_io_errs    3\n[/dev/sdq2].corruption_errs  1\n";
    const std::string second = "\n$ sudo btrfs device stats /srv\n[/dev/sdq3].read_io_errs  11\n";
    const auto io_errors = [](const std::string& text) {
        double io = 0;
        for (const Observation& told : explained(text).report.observations)
            if (told.metric == &metric::drive_kernel_errors_total && told.label("kind") == "io")
                io = told.value;
        return io;
    };
    CHECK(io_errors(first) == 45);
    // Another output may be of the same filesystem: the larger count is certain.
    CHECK(io_errors(first + second) == 45);
    CHECK(io_errors(second + "\n$ sudo btrfs device stats /home\n" + first) == 45);
}

TEST_CASE("the end of smartctl's output alone tells of a failed self-test") {
    const std::string rows =
        "# 1  Extended offline    Completed: read failure       90%      5940         9321057\n"
        "# 2  Short offline       Completed without error       00%      5900         -\n";
    for (const std::string& text :
         {"Num  Test_Description    Status                  Remaining  LifeTime(hours)  "
          "LBA_of_first_error\n" +
              rows,
          rows})
        CHECK(explanation_health(explained(text)) != Health::fine);
}

TEST_CASE(
    "data that an NVMe drive's error log calls lost is a finding, refused commands are none") {
    const std::string entry = "Entry[63]\nerror_count : 9\nsqid : 1\nstatus_field : ";
    const Explanation lost = explained(entry + "0xc502(READ_ERROR: The read data was lost)\n");
    REQUIRE(lost.report.findings.size() == 1);
    CHECK(lost.report.findings[0].rule == "drive_suspect_media_errors");
    REQUIRE(!lost.evidence.empty());
    CHECK(lost.evidence[0].count == 1);
    CHECK(explanation_health(explained(entry + "0x4502\n")) == Health::warning);
    CHECK(explanation_health(explained(entry + "0x2002(Invalid Field in Command: x)\n")) ==
          Health::fine);
}

TEST_CASE("a SAS drive that is too warm does not predict its failure") {
    const auto rule_of = [](const std::string& text) {
        const auto explanation = explain_text(text, now);
        REQUIRE(explanation);
        const auto& findings = explanation->report.findings;
        return findings.empty() ? "none" : findings.front().rule;
    };
    const auto of_text = [&](const std::string& verdict) {
        return rule_of(
            "smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)\n"
            "=== START OF INFORMATION SECTION ===\n"
            "Vendor:               EXAMPLE\n"
            "Product:              HD1000\n"
            "Serial number:        EX0001\n"
            "Device type:          disk\n"
            "Transport protocol:   SAS (SPL-3)\n"
            "=== START OF READ SMART DATA SECTION ===\n"
            "SMART Health Status: " +
            verdict + "\n");
    };
    CHECK(of_text("OK") == "none");
    CHECK(of_text("WARNING - SPECIFIED TEMPERATURE EXCEEDED [asc=b,ascq=1]") ==
          "drive_suspect_temperature_warning");
    CHECK(of_text("Warning - high operating temperature limit exceeded [asc=b, ascq=c]") ==
          "drive_suspect_temperature_warning");
    CHECK(of_text("Warning - background self-test failed [asc=b, ascq=3]") ==
          "drive_failing_verdict");
    CHECK(of_text("FIRMWARE IMPENDING FAILURE GENERAL HARD DRIVE FAILURE [asc=5d, ascq=60]") ==
          "drive_failing_verdict");
    const auto of_json = [&](const std::string& ascq) {
        return rule_of(
            R"({"smartctl": {"exit_status": 8}, "device": {"name": "/dev/sdd", "protocol": "SCSI"},)"
            R"( "serial_number": "EX0002", "smart_status": {"passed": false,)"
            R"( "scsi": {"asc": 11, "ascq": )" +
            ascq + R"(, "ie_string": "x"}}})" + "\n");
    };
    CHECK(of_json("1") == "drive_suspect_temperature_warning");
    CHECK(of_json("3") == "drive_failing_verdict");
}

TEST_CASE("of two drives without a name, the sound one does not speak for the failing one") {
    const std::string head =
        "smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)\n"
        "=== START OF READ SMART DATA SECTION ===\n"
        "SMART overall-health self-assessment test result: ";
    for (const std::string& text :
         {head + "FAILED!\n" + head + "PASSED\n", head + "PASSED\n" + head + "FAILED!\n"})
        CHECK(explanation_health(explained(text)) == Health::critical);
}

TEST_CASE("a device name that two drives have names neither of them") {
    std::string other = json;
    other.replace(other.find("EX}{0002"), 8, "EX0003");
    std::string log = dmesg;
    for (size_t at = 0; (at = log.find("sdc", at)) != log.npos;) log.replace(at, 3, "sdd");
    for (const auto& [text, named] : {std::pair(json + log, false), {json + other + log, true}}) {
        const Report report = explained(text).report;
        REQUIRE(!report.findings.empty());
        CHECK((report.findings[0].subject == "sdd") == named);
    }
}

TEST_CASE("a text of too many outputs is not fine: the rest was not read") {
    std::string text;
    for (size_t i = 0; i < SplitText::most_sections; ++i) text += mdstat + "\n";
    CHECK(explanation_health(explained(text)) == Health::fine);
    CHECK(explanation_health(explained(text + mdstat + mdstat)) == Health::unknown);
}
