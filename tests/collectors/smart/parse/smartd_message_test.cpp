#include "collectors/smart/parse/smartd_message.hpp"

#include <doctest/doctest.h>

#include "collectors/explainer.hpp"
#include "core/metrics/drives.hpp"
#include "tests/select.hpp"

using namespace lastgood;
using Kind = SmartdKind;

namespace {

struct Form {
    const char* message;
    Kind kind;
    const char* device;
    uint64_t value;
};

constexpr Form forms[] = {
    {"Device: /dev/sdq [SAT], FAILED SMART self-check. BACK UP DATA NOW!", Kind::failed, "sdq", 0},
    {"Device: /dev/sdq, SMART Failure: FAILURE PREDICTION THRESHOLD EXCEEDED", Kind::failed, "sdq",
     0},
    {"Device: /dev/sdq, SMART prefailure: FAILURE PREDICTION THRESHOLD EXCEEDED", Kind::failed,
     "sdq", 0},
    {"Device: /dev/sdq [SAT], 8 Currently unreadable (pending) sectors", Kind::pending, "sdq", 8},
    {"Device: /dev/hda, 377 Currently unreadable (pending) sectors (changed -3)", Kind::pending,
     "hda", 377},
    {"Device: /dev/sdq [SAT], No more Currently unreadable (pending) sectors, warning "
     "condition reset after 1 email",
     Kind::pending, "sdq", 0},
    {"Device: /dev/sdq [SAT], 2 Total unreadable (pending) sectors", Kind::pending, "sdq", 2},
    {"Device: /dev/bus/0 [megaraid_disk_02] [SAT], 3 Offline uncorrectable sectors",
     Kind::offline_uncorrectable, "bus/0 [megaraid_disk_02]", 3},
    {"Device: /dev/sdq [SAT], Failed SMART usage Attribute: 232 Available_Reservd_Space.",
     Kind::usage_attribute, "sdq", 232},
    {"Device: /dev/sdq [SAT], Failed SMART prefailure Attribute: 5 Reallocated_Sector_Ct.",
     Kind::prefailure_attribute, "sdq", 5},
    {"Device: /dev/sdq [SAT], SMART Prefailure Attribute: 5 Reallocated_Sector_Ct changed "
     "from 100 [Raw 0] to 100 [Raw 8]",
     Kind::reallocated, "sdq", 8},
    {"Device: /dev/nvme0, Critical Warning (0x04): Reliability", Kind::critical_warning, "nvme0",
     4},
    {"Device: /dev/sdq [SAT], Self-Test Log error count increased from 0 to 1",
     Kind::self_test_failed, "sdq", 0},
    {"Device: /dev/sdq [SAT], previous self-test completed with error (read test element)",
     Kind::self_test_failed, "sdq", 0},
    {"Device: /dev/sdq [SAT], Temperature 61 Celsius reached critical limit of 60 Celsius "
     "(Min/Max 20/61!)",
     Kind::temperature, "sdq", 61},
    {"Device: /dev/sdq [SAT], failed to read SMART Attribute Data", Kind::not_answering, "sdq", 0},
    {"Device: /dev/sdq, SMART Failure: WARNING - SPECIFIED TEMPERATURE EXCEEDED",
     Kind::critical_warning, "sdq", 2},
    {"Device: /dev/sdq, SMART Failure: Warning - high critical temperature limit exceeded",
     Kind::critical_warning, "sdq", 2},
    {"Device: /dev/sdq, SMART Failure: Warning - background self-test failed", Kind::failed, "sdq",
     0},
    {"Device: /dev/nvme0, failed to read NVMe SMART/Health Information", Kind::not_answering,
     "nvme0", 0},
    {"Device: /dev/nvme0, Read Self-test Log failed: Input/output error", Kind::not_answering,
     "nvme0", 0},
    {"Device: /dev/sdq [SAT], ATA error count increased from 4 to 9", Kind::logged_errors, "sdq",
     5},
    {"Device: /dev/nvme0, NVMe error count increased from 4 to 9 (2 new, 3 ignored, 0 "
     "unknown)",
     Kind::logged_errors, "nvme0", 5},
    {"Device: /dev/nvme0, SMART/Health value: Media and Data Integrity Errors changed "
     "from 1 to 4",
     Kind::media_errors, "nvme0", 3},
    {"Device: /dev/sdq [SAT], unable to open ATA device", Kind::not_answering, "sdq", 0},
    {"Device: /dev/sdq, open() failed: No such device", Kind::not_answering, "sdq", 0},
    {"Device: /dev/sdq [SAT], EXAMPLE DISK, S/N:EX0001, WWN:5-000c50-000000001, FW:1, "
     "4.00 "
     "TB",
     Kind::identity, "sdq", 0},
};

}  // namespace

TEST_CASE("smartd's messages") {
    for (const Form& form : forms) {
        INFO(std::string(form.message));
        const auto message = parse_smartd_message(form.message);
        REQUIRE(message);
        CHECK(message->kind == form.kind);
        CHECK(message->device == form.device);
        CHECK(message->value == form.value);
    }
}

TEST_CASE("smartd's messages that say nothing") {
    for (const char* message :
         {"Device: /dev/sdq [SAT], SMART Usage Attribute: 194 Temperature_Celsius changed from 64 "
          "to 63",
          "Device: /dev/sdq [SAT], is SMART capable. Adding to \"monitor\" list.",
          "Device: /dev/sdq [SAT], previous self-test completed without error",
          "Device: /dev/nvme0, NVMe error count increased from 4 to 9 (0 new, 5 ignored, 0 "
          "unknown)",
          "Device: /dev/nvme0, SMART/Health value: Available Spare changed from 99 to 98",
          "Device: /dev/sdq [SAT], ATA error count increased from 9 to 9",
          "Device: /dev/sdq [SAT], ATA error count increased from x",
          "Device: /dev/sdc, unable to autodetect device type", "smartd received signal 15",
          "Monitoring 2 ATA/SATA, 0 SCSI/SAS and 0 NVMe devices", "Device: ", "Device: , x", ""}) {
        INFO(std::string(message));
        CHECK_FALSE(parse_smartd_message(message));
    }
}

TEST_CASE("explain: of the same fact in several messages of smartd the last one counts") {
    ExplainSink sink;
    for (const char* message :
         {"Device: /dev/sdq [SAT], 8 Currently unreadable (pending) sectors",
          "Device: /dev/sdq [SAT], 16 Currently unreadable (pending) sectors (changed +8)",
          "Device: /dev/sdq [SAT], Failed SMART usage Attribute: 232 Available_Reservd_Space.",
          "Device: /dev/sdq [SAT], Failed SMART usage Attribute: 232 Available_Reservd_Space.",
          "Device: /dev/sdq [SAT], Failed SMART usage Attribute: 179 Used_Rsvd_Blk_Cnt_Tot."})
        smartd_explainer.explain(message, message, 1700000000, sink);
    const auto pending = test::select(sink.observations, metric::drive_pending_sectors, "sdq");
    REQUIRE(pending.size() == 1);
    CHECK(pending.front()->value == 16);
    const auto worn =
        test::select(sink.observations, metric::drive_old_age_attributes_failing, "sdq");
    REQUIRE(worn.size() == 1);
    CHECK(worn.front()->value == 2);
}

TEST_CASE("explain: smartd's line alone, as in its mail") {
    ExplainSink sink;
    smartd_mail_explainer.explain("/dev/sdq [SAT], 1 Currently unreadable (pending) sectors", "",
                                  1700000000, sink);
    CHECK(test::select(sink.observations, metric::drive_pending_sectors, "sdq").size() == 1);
    smartd_mail_explainer.explain("WDC, 1 Currently unreadable (pending) sectors", "", 1700000000,
                                  sink);
    CHECK(test::select(sink.observations, metric::drive_pending_sectors).size() == 1);
}

TEST_CASE("explain: errors that smartd counted are told, or shown if their kind is unknown") {
    ExplainSink sink;
    for (const char* message :
         {"Device: /dev/nvme0, SMART/Health value: Media and Data Integrity Errors changed from 0 "
          "to 3",
          "Device: /dev/nvme0, SMART/Health value: Media and Data Integrity Errors changed from 3 "
          "to 4",
          "Device: /dev/sdq [SAT], ATA error count increased from 4 to 9"})
        CHECK(smartd_explainer.explain(message, message, 1700000000, sink));
    const auto more = test::select(sink.observations, metric::drive_count_increase, "nvme0");
    REQUIRE(more.size() == 1);
    CHECK(more.front()->value == 4);
    CHECK(sink.strange_line_count == 1);
}
