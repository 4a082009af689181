#include "collectors/smart/parse/smartctl_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "collectors/smart/parse/ata_attributes.hpp"
#include "collectors/smart/parse/smartctl_rows.hpp"

using namespace lastgood;

namespace {

DriveHealth only(const std::string& text) {
    CHECK(looks_like_smartctl_text(text));
    const auto answers = parse_smartctl_text(text);
    REQUIRE(answers.size() == 1);
    return answers.front().health;
}

const std::string ata_text = R"(smartctl 6.6 2016-05-31 r4324 [x86_64-linux-4.9.0] (local build)
Copyright (C) 2002-16, Bruce Allen, Christian Franke, www.smartmontools.org

=== START OF INFORMATION SECTION ===
Model Family:     Example Disks
Device Model:     EXAMPLE EX2000-1AB
Serial Number:    EX-0002
LU WWN Device Id: 5 000c50 0a1b2c3d4
Firmware Version: F2
User Capacity:    2,000,398,934,016 bytes [2.00 TB]
Rotation Rate:    7200 rpm
SMART support is: Available - device has SMART capability.
Power mode is:    ACTIVE or IDLE

=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED

SMART Attributes Data Structure revision number: 10
Vendor Specific SMART Attributes with Thresholds:
ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  1 Raw_Read_Error_Rate     0x000f   117   099   006    Pre-fail  Always       -       123456
  5 Reallocated_Sector_Ct   0x0033   095   095   010    Pre-fail  Always       -       1496
  9 Power_On_Hours          0x0032   060   060   000    Old_age   Always       -       35125
184 End-to-End_Error        0x0032   042   042   099    Old_age   Always   FAILING_NOW 58
190 Airflow_Temperature_Cel 0x0022   070   042   045    Old_age   Always   In_the_past 30 (0 58 31 24 0)
197 Current_Pending_Sector  0x0012   085   085   000    Old_age   Always       -       1944
198 Offline_Uncorrectable   0x0010   085   085   ---    Old_age   Offline      -       1944

SMART Error Log Version: 1
ATA Error Count: 8955 (device log contains only the most recent five errors)

SMART Self-test log structure revision number 1
Num  Test_Description    Status                  Remaining  LifeTime(hours)  LBA_of_first_error
# 1  Short offline       Self-test routine in progress 30%     35125         -
# 2  Vendor (0x50)       Completed without error       00%     35120         -
# 3  Extended offline    Completed: read failure       90%     35000         12345678
# 4  Short offline       Completed without error       00%     34000         -

SCT Status Version:                  3
Current Temperature:                    30 Celsius
Min/Max recommended Temperature:     14/55 Celsius
)";

void check_ata(const DriveHealth& health) {
    CHECK(health.model == "EXAMPLE EX2000-1AB");
    CHECK(health.serial == "EX-0002");
    CHECK(health.wwn == "0x5000c500a1b2c3d4");
    CHECK(health.protocol == DriveProtocol::ata);
    CHECK(health.rotational == true);
    CHECK(health.capacity_bytes == 2000398934016.0);
    CHECK(health.passed == true);
    CHECK(health.power_state == PowerState::active);
    CHECK(health.error_log_entries == 8955);
    CHECK(health.temperature_limit_celsius == 55);
    REQUIRE(health.attributes.size() == 7);
    CHECK(failing_now(health.attributes[3]));
    CHECK_FALSE(health.attributes[3].prefail);
    CHECK(failed_in_past(health.attributes[4]));
    CHECK_FALSE(health.attributes[6].threshold.has_value());
    const AtaSummary summary = summarise_attributes(health);
    CHECK(summary.reallocated_sectors == 1496);
    CHECK(summary.pending_sectors == 1944);
    CHECK(summary.offline_uncorrectable_sectors == 1944);
    CHECK(summary.temperature_celsius == 30);
    REQUIRE(health.self_tests.size() == 3);
    CHECK(health.self_tests[0].outcome == SelfTestOutcome::unfinished);
    CHECK(health.self_tests[1].outcome == SelfTestOutcome::failed);
    CHECK(health.self_tests[1].at_hours == 35000);
    CHECK(self_test_failed(health.self_tests) == true);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

}  // namespace

TEST_CASE("smartctl text: an ATA drive; quoted, wrapped, other locales") {
    check_ata(only(ata_text));
    check_ata(only(replaced(ata_text, "\n", "\r\n")));
    check_ata(only("> " + replaced(ata_text, "\n", "\n> ")));
    check_ata(only(replaced(ata_text, " Always   ", " Always\n   ")));  // wrapped
    check_ata(only(replaced(ata_text, " Pre-fail ", "\xc2\xa0Pre-fail\xc2\xa0")));
    check_ata(only(replaced(ata_text, "2,000,398,934,016", "2.000.398.934.016")));
    check_ata(only(replaced(ata_text, "2,000,398,934,016",
                            "2\xa0"
                            "000\xa0"
                            "398\xa0"
                            "934\xa0"
                            "016")));
    check_ata(only("# smartctl -x /dev/sdq\n" + ata_text));
    CHECK(only("# smartctl -x /dev/sdq\n" + ata_text).device == "sdq");
}

TEST_CASE("smartctl text: attribute rows of all formats") {
    using State = AttributeRow::State;
    const AttributeRow brief = parse_attribute_row(
        "  5 Reallocated_Sector_Ct   PO--CK   001   001   010    NOW  53045 (0 5)");
    REQUIRE(brief.state == State::complete);
    CHECK(brief.attribute.prefail);
    CHECK(brief.attribute.event_count);
    CHECK(brief.attribute.reported_failing_now);
    CHECK(brief.attribute.raw_text == "53045 (0 5)");
    CHECK_FALSE(brief.attribute.raw.has_value());
    const AttributeRow hex = parse_attribute_row(
        "0xc5 Current_Pending_Sector  -O--C-   0x64  0x64  0x00   -    0x000000000008");
    REQUIRE(hex.state == State::complete);
    CHECK(hex.attribute.id == 197);
    CHECK(hex.attribute.normalized == 100);
    CHECK(hex.attribute.raw == 8U);
    CHECK(parse_attribute_row("  5 Reallocated_Sector_Ct   PO--CK   001   001").state ==
          State::incomplete);
    for (const char* line : {"", "5", "  5 Reallocated", "  1        0        0  Not_testing",
                             "0x01  0x008  4             123  ---  Lifetime Power-On Resets",
                             "300 Some_Name PO--CK 1 1 1 - 0", "  5 Name PO--CK x 1 1 - 0",
                             "169 2023-04-23 20:07    36 *****************"}) {
        INFO(line);
        CHECK(parse_attribute_row(line).state == State::none);
    }
}

TEST_CASE("smartctl text: numbers with any locale's separators") {
    CHECK(grouped_number("2,683") == 2683);
    CHECK(grouped_number("500\xa0"
                         "107\xa0"
                         "862 [500 MB]") == 500107862);
    CHECK(grouped_number("7\xe2\x80\xaf"
                         "681\xe2\x80\xaf"
                         "501 bytes") == 7681501);
    CHECK(grouped_number("38 Celsius") == 38);
    CHECK(grouped_number("1'000'000") == 1000000);
    CHECK(grouped_number("100%") == 100);
    CHECK(grouped_number("56 (device log") == 56);
    CHECK_FALSE(grouped_number("none").has_value());
    CHECK_FALSE(grouped_number("").has_value());
}

TEST_CASE("smartctl text: an NVMe drive") {
    const DriveHealth health = only(R"(smartctl 7.4 2023-08-01 r5530 [x86_64-linux] (local build)

=== START OF INFORMATION SECTION ===
Model Number:                       Example NVMe 1TB
Serial Number:                      N-0001
Firmware Version:                   2B
Namespace 1 Size/Capacity:          1.000.204.886.016 [1,00 TB]
Warning  Comp. Temp. Threshold:     75 Celsius

=== START OF SMART DATA SECTION ===
SMART overall-health self-assessment test result: FAILED!
- NVM subsystem reliability has been degraded

SMART/Health Information (NVMe Log 0x02)
Critical Warning:                   0x0d
Temperature:                        45 Celsius
Available Spare:                    1%
Available Spare Threshold:          10%
Percentage Used:                    113%
Power On Hours:                     2,683
Media and Data Integrity Errors:    50,284
Error Information Log Entries:      22

Error Information (NVMe Log 0x01, 16 of 64 entries)
No Errors Logged

Self-test Log (NVMe Log 0x06)
Self-test status: No self-test in progress
Num  Test_Description  Status                       Power_on_Hours  Failing_LBA  NSID Seg SCT Code
 0   Short             Completed without error               2,600            -     -   -   -    -
 1   Extended          Completed: failed segments             2500            -     -   2   -    -
 2   Short             Aborted: Controller Reset              2400            -     -   -   -    -
)");
    CHECK(health.protocol == DriveProtocol::nvme);
    CHECK(health.rotational == false);
    CHECK(health.capacity_bytes == 1000204886016.0);
    CHECK(health.passed == false);
    CHECK(health.critical_warning == 13U);
    CHECK(health.temperature_celsius == 45);
    CHECK(health.temperature_limit_celsius == 75);
    CHECK(health.available_spare_ratio == 0.01);
    CHECK(health.available_spare_threshold_ratio == 0.1);
    CHECK(health.used_endurance_ratio == 1.13);
    CHECK(health.power_on_seconds == 2683 * 3600);
    CHECK(health.media_errors == 50284);
    CHECK(health.error_log_entries == 22);
    REQUIRE(health.self_tests.size() == 3);
    CHECK(health.self_tests[0].at_hours == 2600);
    CHECK(health.self_tests[1].outcome == SelfTestOutcome::failed);
    CHECK(health.self_tests[2].outcome == SelfTestOutcome::unfinished);
}

TEST_CASE("smartctl text: SAS drives") {
    const DriveHealth health = only(R"(smartctl 7.3 2022-02-28 r5338 [x86_64-linux] (local build)
=== START OF INFORMATION SECTION ===
Vendor:               EXAMPLE
Product:              EX10K
Revision:             0001
User Capacity:        300 000 000 000 bytes [300 GB]
Rotation Rate:        10520 rpm
Logical Unit id:      0x5000c500aabbccdd
Serial number:        S-0001
=== START OF READ SMART DATA SECTION ===
SMART Health Status: FAILURE PREDICTION THRESHOLD EXCEEDED [asc=5d, ascq=0]
Current Drive Temperature:     42 C
Drive Trip Temperature:        65 C
Accumulated power on time, hours:minutes 39704:24 [2382264 minutes]
Elements in grown defect list: 56
Percentage used endurance indicator: 3%
Error counter log:
           fast | delayed   rewrites  corrected  invocations   [10^9 bytes]  errors
read:     110826       19         0    110845    1515087     460659,950           7
write:         0        0         0         0     972273      44976,018           1
verify:        0        0         0         0      58029          0,000           0
  Pending defect count:2 Pending Defects
SMART Self-test log
# 1  Background short  Completed                   -   39609                 - [-   -    -]
# 2  Background long   Failed in segment -->       3   39000            12345 [0x3 0x11 0x0]
# 3  Background long   Self test in progress ...   -     NOW                 - [-   -    -]
)");
    CHECK(health.model == "EXAMPLE EX10K");
    CHECK(health.firmware == "0001");
    CHECK(health.wwn == "0x5000c500aabbccdd");
    CHECK(health.protocol == DriveProtocol::scsi);
    CHECK(health.passed == false);
    CHECK(health.temperature_celsius == 42);
    CHECK(health.temperature_limit_celsius == 65);
    CHECK(health.power_on_seconds == 39704 * 3600.0);
    CHECK(health.grown_defects == 56);
    CHECK(health.pending_defects == 2);
    CHECK(health.used_endurance_ratio == 0.03);
    CHECK(health.uncorrected_reads == 7);
    CHECK(health.uncorrected_writes == 1);
    CHECK(health.uncorrected_verifies == 0);
    REQUIRE(health.self_tests.size() == 3);
    CHECK(health.self_tests[0].at_hours == 39609);
    CHECK(health.self_tests[1].outcome == SelfTestOutcome::failed);
    CHECK(self_test_failed(health.self_tests) == true);

    const DriveHealth old = only(R"(smartctl version 5.38 [i686] Copyright (C) 2002-8 Bruce Allen
Home page is http://smartmontools.sourceforge.net/

Device: EXAMPLE  EX73G  Version: SA19
Serial number: OLD-1
Device type: disk
SMART Health Status: OK
Current Drive Temperature:     0 C
number of hours powered up = 1234.57
)");
    CHECK(old.model == "EXAMPLE EX73G");
    CHECK(old.firmware == "SA19");
    CHECK(old.passed == true);
    CHECK_FALSE(old.temperature_celsius.has_value());
    CHECK(old.power_on_seconds == 1234 * 3600.0);
}

TEST_CASE("smartctl text: several drives") {
    const auto answers =
        parse_smartctl_text(ata_text +
                            "smartctl 5.41 2011-06-09 r3365 [i686] (local build)\n\n"
                            "A mandatory SMART command failed: exiting. To continue, add one or "
                            "more '-T permissive'\n" +
                            replaced(ata_text, "EX-0002", "EX-0003"));
    REQUIRE(answers.size() == 3);
    check_ata(answers[0].health);
    CHECK(answers[1].errors.size() == 1);
    CHECK_FALSE(answers[1].health.has_health());
    CHECK(answers[2].health.serial == "EX-0003");
    CHECK(answers[2].health.self_tests.size() == 3);
}

TEST_CASE("smartctl text: a drive without a verdict, a bridge without SMART") {
    const DriveHealth health =
        only(replaced(ata_text, "SMART overall-health self-assessment test result: PASSED",
                      "SMART overall-health self-assessment test result: UNKNOWN!"));
    CHECK_FALSE(health.passed.has_value());
    const auto bridge = parse_smartctl_text(
        "smartctl 7.1 2019-12-30 r5022 [x86_64] (local build)\n\n/dev/sdb: Unknown USB bridge "
        "[0x0bda:0x0138]\n"
        "Please specify device type with the -d option.\n");
    REQUIRE(bridge.size() == 1);
    CHECK(bridge[0].health.device == "sdb");
    CHECK_FALSE(bridge[0].errors.empty());
    CHECK_FALSE(bridge[0].health.has_health());
}

TEST_CASE("smartctl text: a sleeping drive, a list of drives, other texts") {
    const auto asleep = parse_smartctl_text(
        "smartctl 7.3 2022-02-28 r5338 [x86_64]\n\nDevice is in STANDBY mode, exit(3)\n");
    REQUIRE(asleep.size() == 1);
    CHECK(asleep[0].asleep);
    CHECK(asleep[0].health.power_state == PowerState::standby);
    const std::string list =
        "/dev/bus/0 -d sat+megaraid,60 # /dev/bus/0 [megaraid_disk_60] [SAT], ATA device\n";
    CHECK(looks_like_smartctl_text(list));
    const auto scanned = parse_smartctl_text(list);
    REQUIRE(scanned.size() == 1);
    REQUIRE(scanned[0].scanned.size() == 1);
    CHECK(scanned[0].scanned[0].type == "sat+megaraid,60");
    CHECK(scanned[0].scanned[0].protocol == "ATA");
    for (const char* text :
         {"", "\n\n", "Nov 21 20:00:00 host kernel: sda: I/O error\n", "{\"smartctl\": {}}"}) {
        CHECK_FALSE(looks_like_smartctl_text(text));
        CHECK(parse_smartctl_text(text).empty());
    }
}

TEST_CASE("smartctl text: the NVMe section without its headings") {
    const char* const text =
        "Critical Warning:                   0x04\n"
        "Available Spare:                    2%\n"
        "Available Spare Threshold:          10%\n";
    CHECK(looks_like_smartctl_text(text));
    const auto answers = parse_smartctl_text(text);
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].health.critical_warning == 4u);
    CHECK(answers[0].health.available_spare_ratio == 0.02);
    CHECK(answers[0].health.protocol == DriveProtocol::nvme);
}
