#include "collectors/smart/parse/smartctl_json.hpp"

#include <doctest/doctest.h>

#include "collectors/smart/parse/ata_attributes.hpp"

using namespace lastgood;

namespace {

SmartctlAnswer parsed(const std::string& text) {
    const auto answer = parse_smartctl_json(text);
    REQUIRE(answer.has_value());
    return *answer;
}

}  // namespace

TEST_CASE("smartctl JSON: an ATA drive") {
    const SmartctlAnswer answer = parsed(R"({
      "json_format_version": [1, 0],
      "smartctl": {"version": [7, 4], "exit_status": 64, "messages": [
        {"string": "Warning: a remark", "severity": "warning"}]},
      "device": {"name": "/dev/sdq", "type": "sat", "protocol": "ATA"},
      "model_family": "Example Disks", "model_name": "EXAMPLE EX2000",
      "serial_number": "EX-0001", "firmware_version": "F1",
      "wwn": {"naa": 5, "oui": 3152, "id": 4886718345},
      "rotation_rate": 7200, "user_capacity": {"bytes": 2000398934016},
      "power_mode": {"ata_value": 255, "ata_name": "ACTIVE or IDLE"},
      "smart_status": {"passed": true},
      "temperature": {"current": 31, "op_limit_max": 60, "limit_max": 70},
      "power_on_time": {"hours": 100, "minutes": 30},
      "ata_smart_attributes": {"table": [
        {"id": 5, "name": "Reallocated_Sector_Ct", "value": 100, "worst": 99, "thresh": 10,
         "when_failed": "", "flags": {"prefailure": true, "error_rate": false, "event_count": true},
         "raw": {"value": 16, "string": "16"}},
        {"id": 240, "name": "Head_Flying_Hours", "value": 100, "worst": 100, "thresh": 0,
         "flags": {}, "raw": {"value": 13997186748561226, "string": "46922h+54m+18.974s"}}]},
      "ata_smart_error_log": {"summary": {"count": 3}},
      "ata_smart_self_test_log": {"standard": {"table": [
        {"type": {"value": 1}, "status": {"value": 249}, "lifetime_hours": 100},
        {"type": {"value": 2}, "status": {"value": 121, "passed": false}, "lifetime_hours": 90},
        {"type": {"value": 0}, "status": {"value": 0}, "lifetime_hours": 80},
        {"type": {"value": 1}, "status": {"value": 0, "passed": true}, "lifetime_hours": 70}]}},
      "ata_device_statistics": {"pages": [{"number": 7, "table": [
        {"offset": 8, "value": 12, "flags": {"valid": true}}]}]}
    })");
    const DriveHealth& health = answer.health;
    CHECK(answer.major == 7);
    CHECK(answer.minor == 4);
    CHECK(answer.exit_status == 64);
    CHECK(answer.device_type == "sat");
    CHECK(answer.warnings.size() == 1);
    CHECK(answer.errors.empty());
    CHECK_FALSE(answer.asleep);
    CHECK(health.device == "sdq");
    CHECK(health.model == "EXAMPLE EX2000");
    CHECK(health.serial == "EX-0001");
    CHECK(health.wwn == "0x5000c50123456789");
    CHECK(health.protocol == DriveProtocol::ata);
    CHECK(health.rotational == true);
    CHECK(health.power_state == PowerState::active);
    CHECK(health.passed == true);
    CHECK(health.temperature_celsius == 31);
    CHECK(health.temperature_limit_celsius == 60);
    CHECK(health.power_on_seconds == 361800);
    CHECK(health.error_log_entries == 3);
    CHECK(health.used_endurance_ratio == 0.12);
    REQUIRE(health.attributes.size() == 2);
    CHECK(health.attributes[0].prefail);
    CHECK(health.attributes[1].raw == 13997186748561226ULL);
    REQUIRE(health.self_tests.size() == 3);  // without the off-line data collection
    CHECK(health.self_tests[0].outcome == SelfTestOutcome::unfinished);
    CHECK(health.self_tests[1].outcome == SelfTestOutcome::failed);
    CHECK(health.self_tests[1].kind == SelfTestKind::extended);
    CHECK(health.self_tests[2].outcome == SelfTestOutcome::passed);
}

TEST_CASE("smartctl JSON: an NVMe drive") {
    const DriveHealth health = parsed(R"({"smartctl": {"version": [7, 3], "exit_status": 8},
      "device": {"name": "/dev/nvme3", "type": "nvme", "protocol": "NVMe"},
      "model_name": "Example NVMe", "serial_number": "N1",
      "smart_status": {"passed": false, "nvme": {"value": 4}},
      "nvme_composite_temperature_threshold": {"warning": 82, "critical": 85},
      "nvme_smart_health_information_log": {"critical_warning": 4, "temperature": 45,
        "available_spare": 99, "available_spare_threshold": 10, "percentage_used": 196,
        "power_on_hours": 2000, "media_errors": 7, "num_err_log_entries": 212},
      "nvme_self_test_log": {"table": [
        {"self_test_code": {"value": 2}, "self_test_result": {"value": 7}, "power_on_hours": 1990},
        {"self_test_code": {"value": 1}, "self_test_result": {"value": 2}, "power_on_hours": 5}]}
    })")
                                   .health;
    CHECK(health.protocol == DriveProtocol::nvme);
    CHECK(health.passed == false);
    CHECK(health.critical_warning == 4U);
    CHECK(health.temperature_celsius == 45);
    CHECK(health.temperature_limit_celsius == 82);
    CHECK(health.available_spare_ratio == 0.99);
    CHECK(health.available_spare_threshold_ratio == 0.1);
    CHECK(health.used_endurance_ratio == 1.96);
    CHECK(health.media_errors == 7);
    CHECK(health.error_log_entries == 212);
    CHECK(health.power_on_seconds == 7200000);
    REQUIRE(health.self_tests.size() == 2);
    CHECK(health.self_tests[0].outcome == SelfTestOutcome::failed);
    CHECK(health.self_tests[1].outcome == SelfTestOutcome::unfinished);
}

TEST_CASE("smartctl JSON: a SAS drive") {
    const DriveHealth health = parsed(R"({"json_format_version": [1, 0],
      "smartctl": {"version": [7, 4], "exit_status": 4},
      "device": {"name": "/dev/bus/0", "type": "megaraid,4", "protocol": "SCSI"},
      "scsi_vendor": "EXAMPLE", "scsi_product": "EX10K", "scsi_model_name": "EXAMPLE EX10K",
      "scsi_revision": "0001", "logical_unit_id": "0x5000c500aabbccdd", "serial_number": "S1",
      "rotation_rate": 10520, "smart_status": {"passed": true},
      "temperature": {"current": 0, "drive_trip": 0},
      "scsi_grown_defect_list": 56, "scsi_pending_defects": {"count": 2},
      "scsi_error_counter_log": {"read": {"total_uncorrected_errors": 1},
        "write": {"total_uncorrected_errors": 0}, "verify": {"total_uncorrected_errors": 3}},
      "scsi_self_test_0": {"code": {"value": 2, "string": "Background long"},
        "result": {"value": 5, "string": "Failed in first segment"}, "power_on_time": {"hours": 9}},
      "scsi_self_test_1": {"code": {"value": 1, "string": "Background short"},
        "result": {"value": 0, "string": "Completed"}, "power_on_time": {"hours": 8}}
    })")
                                   .health;
    CHECK(health.protocol == DriveProtocol::scsi);
    CHECK(health.model == "EXAMPLE EX10K");
    CHECK(health.firmware == "0001");
    CHECK(health.wwn == "0x5000c500aabbccdd");
    CHECK_FALSE(health.temperature_celsius.has_value());  // 0 is unknown
    CHECK_FALSE(health.temperature_limit_celsius.has_value());
    CHECK(health.grown_defects == 56);
    CHECK(health.pending_defects == 2);
    CHECK(health.uncorrected_reads == 1);
    CHECK(health.uncorrected_writes == 0);
    CHECK(health.uncorrected_verifies == 3);
    REQUIRE(health.self_tests.size() == 2);
    CHECK(health.self_tests[0].kind == SelfTestKind::extended);
    CHECK(health.self_tests[0].outcome == SelfTestOutcome::failed);
    CHECK(health.self_tests[1].outcome == SelfTestOutcome::passed);
}

TEST_CASE("smartctl JSON: the exit status is a bit mask") {
    const SmartctlExit exit = smartctl_exit(216);
    CHECK_FALSE(exit.bad_command_line);
    CHECK_FALSE(exit.open_failed);
    CHECK_FALSE(exit.some_command_failed);
    CHECK(exit.drive_failing);
    CHECK(exit.prefail_now);
    CHECK_FALSE(exit.prefail_in_past);
    CHECK(exit.error_log);
    CHECK(exit.self_test_log);
    // The verdict may be in the exit status only.
    CHECK(parsed(R"({"smartctl": {"exit_status": 8}})").health.passed == false);
    CHECK_FALSE(parsed(R"({"smartctl": {"exit_status": 4}})").health.passed.has_value());
}

TEST_CASE("smartctl JSON: a sleeping drive, a list of drives") {
    const SmartctlAnswer asleep =
        parsed(R"json({"smartctl": {"version": [7, 3], "exit_status": 3, "messages": [
          {"string": "Device is in STANDBY mode, exit(3)", "severity": "information"}]},
          "device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"}})json");
    CHECK(asleep.asleep);
    CHECK(asleep.health.power_state == PowerState::standby);
    CHECK_FALSE(asleep.health.has_health());

    const SmartctlAnswer scan = parsed(R"({"smartctl": {"exit_status": 0}, "devices": [
          {"name": "/dev/bus/0", "info_name": "x", "type": "megaraid,8", "protocol": "SCSI"}]})");
    CHECK(scan.is_scan);
    REQUIRE(scan.scanned.size() == 1);
    CHECK(scan.scanned[0].type == "megaraid,8");
}

TEST_CASE("smartctl JSON: other texts are refused, fields of a wrong type are ignored") {
    for (const char* text :
         {"", "{", "[]", "null", "{}", "{\"a\": 1}", "\xff\xfe", "smartctl 7.3"}) {
        INFO(text);
        CHECK_FALSE(parse_smartctl_json(text).has_value());
    }
    const DriveHealth odd =
        parsed(R"({"smartctl": 5, "device": [], "smart_status": {"passed": "yes"},
      "temperature": {"current": "hot"}, "power_on_time": {"hours": -4}, "model_name": 17,
      "ata_smart_attributes": {"table": [7, {"id": 900}, {"id": "5"}, {"id": 5, "value": 1e300}]},
      "nvme_smart_health_information_log": {"critical_warning": 1e99, "media_errors": null},
      "ata_smart_self_test_log": {"standard": {"table": {}}}, "wwn": {"naa": 99, "oui": 1, "id": 1}
    })")
            .health;
    CHECK_FALSE(odd.passed.has_value());
    CHECK_FALSE(odd.temperature_celsius.has_value());
    CHECK_FALSE(odd.power_on_seconds.has_value());
    CHECK_FALSE(odd.critical_warning.has_value());
    CHECK(odd.wwn.empty());
    REQUIRE(odd.attributes.size() == 1);
    CHECK_FALSE(odd.attributes[0].normalized.has_value());
}

TEST_CASE("smartctl JSON: errors in the log count if they are recent and of the medium") {
    const auto recent = [](const std::string& hours, const std::string& description) {
        return recent_logged_errors(parsed(R"({"smartctl": {}, "power_on_time": {"hours": 65600},
                       "ata_smart_error_log": {"extended": {"count": 42, "table": [
                         {"lifetime_hours": )" +
                                           hours + R"(, "error_description": ")" + description +
                                           R"("},
                         {"lifetime_hours": 1, "error_description": "Error: ABRT"}]}}})")
                                        .health);
    };
    // The hours of the log wrap around at 65536.
    CHECK(recent("63", "Error: UNC 8 sectors at LBA = 0x005a1ca8 = 5905576") == 1);
    CHECK(recent("65500", "Error: UNC at LBA = 0x005a1ca8 = 5905576") == 1);
    CHECK(recent("65400", "Error: UNC at LBA = 0x005a1ca8 = 5905576") == 0);
    CHECK(recent("60", "Error: ICRC, ABRT at LBA = 0x07ffaa67") == 0);
    CHECK(recent("60", "Error: ABRT, IDNF at LBA = 0x07ffaa67") == 1);
    CHECK_FALSE(recent("null", "Error: UNC at LBA = 0x07ffaa67").has_value());
    CHECK_FALSE(recent_logged_errors(DriveHealth{}).has_value());
}

TEST_CASE("smartctl JSON: the exit status tells what the document does not show") {
    const auto with = [](int status, const std::string& more = "") {
        return parsed(R"({"smartctl": {"exit_status": )" + std::to_string(status) +
                      R"(}, "device": {"protocol": "ATA"}, "smart_status": {"passed": true})" +
                      more + "}");
    };
    const std::string table =
        R"(, "ata_smart_attributes": {"table": [{"id": 5, "value": 100, "worst": 100,
           "thresh": 10, "flags": {"prefailure": true}, "raw": {"value": 0}}]})";
    const std::string log = R"(, "ata_smart_error_log": {"summary": {"count": 3}})";
    CHECK(with(0).doubts.empty());
    CHECK(with(1).doubts.size() == 1);
    CHECK(with(2).doubts.size() == 1);
    // Some command failed: harmless if the values are there.
    CHECK(with(4).doubts.size() == 1);
    CHECK(with(4, table).doubts.empty());
    CHECK(with(8).health.passed == false);
    CHECK(with(16).health.unlisted_prefail_failing);
    CHECK(with(16, table).health.unlisted_prefail_failing);
    CHECK_FALSE(with(0, table).health.unlisted_prefail_failing);
    CHECK(with(32).doubts.size() == 1);
    CHECK(with(32, table).doubts.empty());
    CHECK(with(64).doubts.size() == 1);
    CHECK(with(64, log).doubts.empty());
    CHECK(self_test_failed(with(128).health.self_tests) == true);
    CHECK_FALSE(self_test_failed(
                    with(128, R"(, "ata_smart_self_test_log": {"standard": {}})").health.self_tests)
                    .has_value());
}

TEST_CASE("smartctl JSON: values that cannot be read leave a doubt") {
    const auto doubts = [](const std::string& fields) {
        return parsed(R"({"smartctl": {}, )" + fields + "}").doubts.size();
    };
    CHECK(doubts(R"("smart_status": {"passed": true})") == 0);
    CHECK(doubts(R"("smart_status": {"passed": "no"})") == 1);
    CHECK(doubts(R"("nvme_smart_health_information_log": {"critical_warning": "?",
                    "media_errors": [1]})") == 2);
    CHECK(doubts(R"("scsi_grown_defect_list": -1)") == 1);
    CHECK(doubts(R"("scsi_error_counter_log": {"read": {"total_uncorrected_errors": "many"}})") ==
          1);
    CHECK(doubts(R"("ata_smart_attributes": {"table": [{"id": 197, "raw": {"value": -1}},
                    {"id": "x"}]})") == 2);
}

TEST_CASE("smartctl JSON: unrepaired sectors of a background scan wait for a write") {
    const auto pending = [](const std::string& fields) {
        return parsed(R"({"smartctl": {}, "device": {"protocol": "SCSI"}, )" + fields + "}")
            .health.pending_defects;
    };
    const std::string scan = R"("scsi_background_scan": {"status": {"value": 0},
        "result_1": {"lba": 7, "reassign_status": {"value": 1}},
        "result_2": {"lba": 7, "reassign_status": {"value": 1}},
        "result_3": {"lba": 9, "reassign_status": {"value": 4}},
        "result_4": {"lba": 11, "reassign_status": {"value": 5}}})";
    CHECK(pending(scan) == 2);
    CHECK(pending(scan + R"(, "scsi_pending_defects": {"count": 5})") == 5);
    CHECK_FALSE(pending(R"("scsi_background_scan": {"status": {"value": 0}})").has_value());
}
