// What smartctl's text announces and does not show, or shows in a form that nobody knows.
#include "collectors/smart/parse/smartctl_gaps.hpp"

#include <doctest/doctest.h>

#include <string>

#include "collectors/explainer.hpp"
#include "collectors/smart/parse/smartctl_text.hpp"

using namespace lastgood;

namespace {

SmartctlAnswer only(const std::string& text) {
    const auto answers = parse_smartctl_text(text);
    REQUIRE(answers.size() == 1);
    return answers.front();
}

const std::string head =
    "=== START OF READ SMART DATA SECTION ===\n"
    "SMART overall-health self-assessment test result: PASSED\n\n";
const std::string general =
    "General SMART Values:\n"
    "Offline data collection status:  (0x82)\tOffline data collection activity\n\n"
    "SMART Attributes Data Structure revision number: 10\n"
    "Vendor Specific SMART Attributes with Thresholds:\n";
const std::string columns =
    "ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW\n";
const std::string reallocated =
    "  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       0\n";
const std::string rest = "\nSMART Error Log Version: 1\nNo Errors Logged\n";

std::string sas(const std::string& counters) {
    return "SMART Health Status: OK\n\nError counter log:\n"
           "           Errors Corrected by           Total   Correction     Gigabytes    Total\n"
           "read:   " +
           counters + "\n";
}

}  // namespace

TEST_CASE("rows of an unknown form are not passed over") {
    CHECK(only(head + general + columns + reallocated + rest).unread.empty());
    for (const std::string row :
         {"197 Current_Pending_Sector  0x0012_100_100_000  Old_age   Always       -       16",
          "197*Current_Pending_Sector 0x0012 100 100 000 Old_age Always - 16",
          "197 Pending? 0x0012 100", "197 Current_Pending_Sector  0x00",
          "197 Current_Pending_Sector  0x0012   100   100   000    Old_age"}) {
        CAPTURE(row);
        const std::string text = head + columns + reallocated + row + "\n" + rest;
        const auto answers = parse_smartctl_text(text);
        REQUIRE(answers.size() == 1);
        REQUIRE(answers[0].unread.size() == 1);
        CHECK(answers[0].unread[0] == row);
        CHECK(answers[0].unread[0].data() == text.data() + text.find(row));
    }
    // Without the heading, in any dress.
    for (const std::string row :
         {"| 197 | Current_Pending_Sector | 0x0012 | 100 | 100 | 000 | Old_age | - | 16 |",
          "197;Current_Pending_Sector;0x0012;100;100;000;Old_age;Always;-;16",
          "<x>197</x><x>Current_Pending_Sector</x><x>0x0012</x><x>100</x><x>16</x>"}) {
        CAPTURE(row);
        CHECK(only(head + row + "\n").unread.size() == 1);
    }
    for (const std::string line : {"What is 197 Current_Pending_Sector about?",
                                   "0x01  0x008  4              45  ---  Lifetime Power-On Resets",
                                   "    1        0        0  Not_testing"})
        CHECK(only(head + line + "\n").unread.empty());
}

TEST_CASE("values that are no numbers are shown") {
    const std::string row =
        "197 Current_Pending_Sector  0x0012   100   100   000    Old_age   Always       -       ";
    CHECK(only(columns + row + "16\n").unread.empty());
    CHECK(only(columns + row + "**16**\n").unread.size() == 1);
    CHECK(only("SMART overall-health self-assessment test result: BESTANDEN\n").unread.size() == 1);
    CHECK(only("Critical Warning:                   -\nAvailable Spare:    -\n"
               "Percentage Used: -\nMedia and Data Integrity Errors: -\n")
              .unread.size() == 4);
    CHECK(only("SMART Health Status: OK\nElements in grown defect list: ?\n").unread.size() == 1);
    CHECK(only(sas("1 0 0 1 0 0.5 0")).unread.empty());
    CHECK(only(sas("1 0 0 1 0 0.5")).unread.size() == 1);
    CHECK(only(sas("1 0 0 1 0 0.5 x")).unread.size() == 1);
}

TEST_CASE("an output that is cut off leaves a doubt") {
    CHECK(only(head).doubts.empty());  // smartctl -H
    CHECK(only(head + general + columns + reallocated + rest).doubts.empty());
    CHECK(only(columns + reallocated).doubts.empty());  // smartctl -A
    CHECK(only(head + general + columns + reallocated).doubts.size() == 1);
    CHECK(only(head + general + columns).doubts.size() == 1);
    CHECK(only(head + "General SMART Values:\n").doubts.size() == 1);
    const std::string nvme =
        "SMART/Health Information (NVMe Log 0x02)\nCritical Warning:                   0x00\n";
    CHECK(only(head + nvme).doubts.size() == 1);
    CHECK(only(head + "SMART/Health Information (NVMe Log 0x02)\n").doubts.size() == 1);
    CHECK(only("Supported Power States\nSt Op     Max   Active\n\n" + head).doubts.size() == 1);
    CHECK(only(head + nvme + "Media and Data Integrity Errors:    0\n").doubts.empty());
    CHECK(only("SMART Health Status: OK\n\nError counter log:\n").doubts.size() == 1);
    CHECK(only(sas("1 0 0 1 0 0.5 0")).doubts.empty());
    // A temperature is no verdict.
    CHECK(only("=== START OF INFORMATION SECTION ===\nCurrent Drive Temperature:     35 C\n")
              .doubts.size() == 1);
}

TEST_CASE("text: errors in the log, and sectors that a background scan could not repair") {
    const std::string log =
        "  9 Power_On_Hours          0x0032   060   060   000    Old_age   Always       -       "
        "35000\n"
        "\nSMART Error Log Version: 1\nATA Error Count: 42 (device log contains only the most "
        "recent five errors)\n\n"
        "Error 42 occurred at disk power-on lifetime: 34999 hours (1458 days + 7 hours)\n"
        "  ER ST SC SN CL CH DH\n"
        "  40 51 08 a8 1c 5a 00  Error: UNC 8 sectors at LBA = 0x005a1ca8 = 5905576\n\n"
        "Error 41 occurred at disk power-on lifetime: 34999 hours (1458 days + 7 hours)\n"
        "  04 51 08 a8 1c 5a 00  Error: ABRT\n\n"
        "Error 40 occurred at disk power-on lifetime: 100 hours (4 days + 4 hours)\n"
        "  40 51 08 a8 1c 5a 00  Error: UNC at LBA = 0x005a1ca8 = 5905576\n";
    DriveHealth health = only(log).health;
    REQUIRE(health.logged_errors.size() == 3);
    health.power_on_seconds = 35000 * 3600.0;
    CHECK(recent_logged_errors(health) == 1);

    const std::string scan =
        "SMART Health Status: OK\n\nBackground scan results log\n"
        "   #  when        lba(hex)    [sk,asc,ascq]    reassign_status\n"
        "   1 39990:11  0000000012345678  [3,11,0]   Require Write or Reassign Blocks command\n"
        "   2 39991:11  0000000012345678  [3,11,0]   Require Write or Reassign Blocks command\n"
        "   3 39992:11  0000000012345679  [3,11,0]   Reassignment by disk failed\n"
        "   4 39993:11  0000000012345680  [1,17,1]   Recovered via rewrite in-place\n"
        "   5 39993:11  0000000012345681  [4,9,0]   Successfully reassigned\n";
    CHECK(only(scan).health.pending_defects == 2);
    CHECK(only(scan + "Pending defect count:3 Pending Defects\n").health.pending_defects == 3);
}
