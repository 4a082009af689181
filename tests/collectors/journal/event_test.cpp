#include "collectors/journal/event.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"

using namespace lastgood;

namespace {

// "sdq verdict/smartd; "
std::string events(std::string_view program, std::string_view text) {
    std::string all;
    for (const JournalEvent& event : report_of({program, text}, 1).events) {
        std::string labels;
        for (const auto& label : event.labels) labels += (labels.empty() ? "" : "/") + label.second;
        const bool pool = event.metric == &metric::array_kernel_errors_total;
        const bool message = event.metric == &metric::drive_messages_total;
        CHECK((pool || message || event.metric == &metric::drive_kernel_errors_total));
        CHECK(message == (program != "zed"));
        all += fmt::format("{}{} {}; ", pool ? "pool " : "", event.name, labels);
    }
    return all;
}

}  // namespace

TEST_CASE("what smartd says of a drive") {
    const auto smartd = [](std::string_view text) { return events("smartd", text); };
    CHECK(smartd("Device: /dev/sdq [SAT], FAILED SMART self-check. BACK UP DATA NOW!") ==
          "sdq verdict/smartd; ");
    CHECK(smartd("Device: /dev/sdq [SAT], 8 Currently unreadable (pending) sectors") ==
          "sdq pending_sectors/smartd; ");
    CHECK(smartd("Device: /dev/bus/0 [megaraid_disk_02] [SAT], 3 Offline uncorrectable sectors") ==
          "bus/0 [megaraid_disk_02] offline_uncorrectable_sectors/smartd; ");
    CHECK(smartd("Device: /dev/sdq [SAT], SMART Prefailure Attribute: 5 Reallocated_Sector_Ct "
                 "changed from 100 [Raw 0] to 100 [Raw 8]") == "sdq reallocated_sectors/smartd; ");
    CHECK(smartd("Device: /dev/sdq [SAT], Failed SMART prefailure Attribute: 5 "
                 "Reallocated_Sector_Ct.") == "sdq attribute/smartd; ");
    CHECK(smartd("Device: /dev/sdq [SAT], Failed SMART usage Attribute: 232 "
                 "Available_Reservd_Space.") == "sdq old_age_attribute/smartd; ");
    CHECK(smartd("Device: /dev/sdq [SAT], Self-Test Log error count increased from 0 to 1") ==
          "sdq self_test/smartd; ");
    CHECK(smartd("Device: /dev/nvme0, SMART/Health value: Media and Data Integrity Errors changed "
                 "from 0 to 3") == "nvme0 media_errors/smartd; ");
    // Two bits of one warning are one message; the temperature's bit endangers no data.
    CHECK(smartd("Device: /dev/nvme0, Critical Warning (0x05): Spare Reliability") ==
          "nvme0 critical_warning/smartd; ");
    CHECK(smartd("Device: /dev/nvme0, Critical Warning (0x02): Temperature") == "");
}

TEST_CASE("what mdadm's monitor and zed say") {
    for (const char* program : {"mdadm", "mdmonitor"}) {
        CHECK(events(program,
                     "Fail event detected on md device /dev/md0, component device "
                     "/dev/sdq1") == "sdq kicked/mdadm; ");
        CHECK(events(program, "DegradedArray event detected on md device /dev/md0") == "");
    }
    const auto zed = [](std::string_view text) { return events("zed", text); };
    CHECK(zed("eid=12 class=statechange pool='tank' vdev=sdq1 vdev_state=FAULTED") ==
          "sdq kicked/zed; ");
    CHECK(zed("eid=9 class=checksum pool='tank' vdev=ata-EX_DISK_1-part1 size=131072") ==
          "ata-EX_DISK_1 checksum/zed; ");
    CHECK(zed("eid=13 class=data pool='tank' priority=4 err=52 flags=0x8881") ==
          "pool tank uncorrected/zed; ");
}

TEST_CASE("messages of no trouble count nothing") {
    struct Message {
        const char* program;
        const char* text;
    };
    for (const Message& message : std::initializer_list<Message>{
             {"smartd", "smartd 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)"},
             {"smartd", "Monitoring 2 ATA/SATA, 0 SCSI/SAS and 0 NVMe devices"},
             {"smartd", "Device: /dev/sdq [SAT], opened"},
             {"smartd", "Device: /dev/sdq [SAT], is SMART capable. Adding to \"monitor\" list."},
             {"smartd",
              "Device: /dev/sdq [SAT], SMART Usage Attribute: 194 Temperature_Celsius "
              "changed from 114 to 113"},
             {"smartd",
              "Device: /dev/sdq [SAT], SMART Usage Attribute: 5 Reallocated_Sector_Ct "
              "changed from 99 [Raw 0] to 100 [Raw 0]"},
             {"smartd",
              "Device: /dev/sdq [SAT], No more Currently unreadable (pending) sectors, "
              "warning condition reset after 1 email"},
             {"smartd", "Device: /dev/sdq [SAT], previous self-test completed without error"},
             {"smartd",
              "Device: /dev/sdq [SAT], Temperature 61 Celsius reached critical limit of "
              "60 Celsius (Min/Max 20/61!)"},
             {"smartd", "Device: /dev/nvme0, Critical Warning (0x00)"},
             {"smartd", "Device: /dev/sdq, open() failed: No such device"},
             {"mdadm", "RebuildStarted event detected on md device /dev/md0"},
             {"mdadm", "Rebuild20 event detected on md device /dev/md0"},
             {"mdadm",
              "RebuildFinished event detected on md device /dev/md0, component device  "
              "mismatches found: 128 (on raid level 1)"},
             {"mdadm",
              "SpareActive event detected on md device /dev/md0, component device "
              "/dev/sdq1"},
             {"mdadm", "NewArray event detected on md device /dev/md0"},
             {"mdadm", "DeviceDisappeared event detected on md device /dev/md0"},
             {"zed", "ZFS Event Daemon 2.1.11-1 (PID 812)"},
             {"zed", "eid=3 class=scrub_finish pool='tank'"},
             {"zed", "eid=4 class=history_event pool='tank'"},
             {"zed", "eid=5 class=statechange pool='tank' vdev=sdq1 vdev_state=ONLINE"},
             {"sshd", "Device: /dev/sdq [SAT], FAILED SMART self-check. BACK UP DATA NOW!"},
             // Each program's words are its own.
             {"mdadm", "Device: /dev/sdq [SAT], FAILED SMART self-check. BACK UP DATA NOW!"},
         }) {
        CAPTURE(message.text);
        CHECK(events(message.program, message.text) == "");
    }
}

TEST_CASE("which drive a device was when smartd started") {
    const auto identity = [](std::string_view text) {
        const auto found = report_of({"smartd", text}, 1).identity;
        return found ? fmt::format("{}|{}|{}|{}", found->device, found->model, found->serial,
                                   found->wwn)
                     : "none";
    };
    CHECK(
        identity("Device: /dev/sdq [SAT], EXAMPLE DISK, S/N:EX0001, WWN:5-000c50-0a1b2c3d4, FW:1, "
                 "4.00 TB") == "sdq|EXAMPLE DISK|EX0001|0x5000c500a1b2c3d4");
    CHECK(identity("Device: /dev/bus/0 [megaraid_disk_02], [EXAMPLE  SAS DISK         A1], lu id: "
                   "0x5000C500A1B2C3D4, S/N: EX0002, 600 GB") ==
          "bus/0 [megaraid_disk_02]|[EXAMPLE  SAS DISK         A1]|EX0002|0x5000c500a1b2c3d4");
    CHECK(identity("Device: /dev/nvme0, EXAMPLE SSD, S/N:EX0003, FW:1") ==
          "nvme0|EXAMPLE SSD|EX0003|");
    CHECK(identity("Device: /dev/sdq [SAT], EXAMPLE DISK, S/N:EX0001, WWN:5-000c50-xyz, FW:1") ==
          "sdq|EXAMPLE DISK|EX0001|");
    CHECK(identity("Device: /dev/sdq [SAT], opened") == "none");
}
