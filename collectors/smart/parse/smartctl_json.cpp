#include "collectors/smart/parse/smartctl_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "collectors/smart/parse/ata_attributes.hpp"
#include "collectors/smart/parse/plausible.hpp"
#include "collectors/smart/parse/smartctl_rows.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

using nlohmann::json;

const json nothing;

// The value below a chain of keys, or null.
template <class... Keys>
const json& at(const json& value, const char* key, Keys... further) {
    if (!value.is_object()) return nothing;
    const auto found = value.find(key);
    if (found == value.end()) return nothing;
    if constexpr (sizeof...(further) == 0) {
        return *found;
    } else {
        return at(*found, further...);
    }
}

std::optional<double> number(const json& value) {
    if (!value.is_number()) return std::nullopt;
    const double result = value.get<double>();
    if (!std::isfinite(result)) return std::nullopt;
    return result;
}

std::optional<double> not_negative(const json& value) {
    const auto result = number(value);
    return result && *result >= 0 ? result : std::nullopt;
}

std::optional<int> small_number(const json& value) {
    const auto result = number(value);
    if (!result || *result < -1e6 || *result > 1e6) return std::nullopt;
    return static_cast<int>(*result);
}

std::optional<uint64_t> whole_number(const json& value) {
    if (value.is_number_unsigned()) return value.get<uint64_t>();
    return std::nullopt;
}

std::optional<bool> boolean(const json& value) {
    if (!value.is_boolean()) return std::nullopt;
    return value.get<bool>();
}

std::string text_of(const json& value) {
    if (!value.is_string()) return {};
    return std::string(trim(value.get_ref<const std::string&>()));
}

// Empty for placeholders of an identity that somebody removed.
std::string identity(const json& value) {
    std::string result = text_of(value);
    if (result == "REDACTED" || result == "--") result.clear();
    return result;
}

bool is_hexadecimal(std::string_view text) {
    return text.size() > 2 && text.starts_with("0x") &&
           consists_of(text.substr(2), hexadecimal_digits);
}

DriveProtocol protocol_of(const json& root) {
    const std::string name = text_of(at(root, "device", "protocol"));
    if (name == "ATA") return DriveProtocol::ata;
    if (name == "NVMe") return DriveProtocol::nvme;
    if (name == "SCSI") return DriveProtocol::scsi;
    if (at(root, "ata_smart_attributes").is_object()) return DriveProtocol::ata;
    if (at(root, "nvme_smart_health_information_log").is_object()) return DriveProtocol::nvme;
    return DriveProtocol::unknown;
}

void read_identity(const json& root, DriveHealth& health) {
    health.device = without_prefix(text_of(at(root, "device", "name")), "/dev/");
    health.protocol = protocol_of(root);
    health.family = text_of(at(root, "model_family"));
    for (const char* key : {"model_name", "scsi_model_name"}) {
        if (health.model.empty()) health.model = identity(at(root, key));
    }
    if (health.model.empty()) {
        const std::string product = identity(at(root, "product"));
        const std::string vendor = identity(at(root, "vendor"));
        health.model = product.empty() || vendor.empty() ? product : vendor + " " + product;
    }
    health.serial = identity(at(root, "serial_number"));
    for (const char* key : {"firmware_version", "scsi_revision", "revision"}) {
        if (health.firmware.empty()) health.firmware = identity(at(root, key));
    }
    const auto naa = whole_number(at(root, "wwn", "naa"));
    const auto oui = whole_number(at(root, "wwn", "oui"));
    const auto id = whole_number(at(root, "wwn", "id"));
    const std::string unit = text_of(at(root, "logical_unit_id"));
    if (naa && oui && id && *naa < 16 && *oui < (1U << 24)) {
        health.wwn = fmt::format("0x{:x}{:06x}{:09x}", *naa, *oui, *id & 0xfffffffffULL);
    } else if (is_hexadecimal(unit)) {
        health.wwn = unit;
    }
    if (const auto rate = number(at(root, "rotation_rate"))) {
        health.rotational = *rate > 0;
    } else if (health.protocol == DriveProtocol::nvme) {
        health.rotational = false;
    }
    health.capacity_bytes = not_negative(at(root, "user_capacity", "bytes"));
    if (!health.capacity_bytes) {
        health.capacity_bytes = not_negative(at(root, "nvme_total_capacity"));
    }
}

void read_common(const json& root, DriveHealth& health) {
    health.passed = boolean(at(root, "smart_status", "passed"));
    const json& scsi = at(root, "smart_status", "scsi");
    const auto asc = small_number(at(scsi, "asc"));
    const auto ascq = small_number(at(scsi, "ascq"));
    if (asc && ascq && *asc >= 0 && *ascq >= 0)
        health.critical_warning =
            scsi_warning(static_cast<unsigned>(*asc), static_cast<unsigned>(*ascq));
    if (const auto celsius = number(at(root, "temperature", "current"))) {
        health.temperature_celsius = plausible_temperature(*celsius);
    }
    for (const json* limit :
         {&at(root, "nvme_composite_temperature_threshold", "warning"),
          &at(root, "temperature", "op_limit_max"), &at(root, "temperature", "drive_trip"),
          &at(root, "temperature", "limit_max")}) {
        const auto celsius = number(*limit);
        if (!health.temperature_limit_celsius && celsius && *celsius > 0) {
            health.temperature_limit_celsius = celsius;
        }
    }
    if (const auto hours = not_negative(at(root, "power_on_time", "hours"))) {
        const double minutes = not_negative(at(root, "power_on_time", "minutes")).value_or(0);
        health.power_on_seconds = plausible_power_on_seconds(*hours + minutes / 60);
    }
    if (const auto percent = not_negative(at(root, "endurance_used", "current_percent"))) {
        health.used_endurance_ratio = *percent / 100;
    }
    const std::string mode = text_of(at(root, "power_mode", "ata_name"));
    if (contains(mode, "STANDBY")) {
        health.power_state = PowerState::standby;
    } else if (contains(mode, "SLEEP")) {
        health.power_state = PowerState::sleep;
    } else if (contains(mode, "ACTIVE")) {  // also "ACTIVE or IDLE"
        health.power_state = PowerState::active;
    } else if (contains(mode, "IDLE")) {
        health.power_state = PowerState::idle;
    }
}

void read_attributes(const json& root, DriveHealth& health) {
    const json& table = at(root, "ata_smart_attributes", "table");
    if (!table.is_array()) return;
    for (const json& row : table) {
        AtaAttribute attribute;
        const auto id = small_number(at(row, "id"));
        if (!id || *id < 1 || *id > 255 || health.attributes.size() >= 256) continue;
        attribute.id = *id;
        attribute.name = text_of(at(row, "name"));
        attribute.normalized = small_number(at(row, "value"));
        attribute.worst = small_number(at(row, "worst"));
        attribute.threshold = small_number(at(row, "thresh"));
        attribute.raw = whole_number(at(row, "raw", "value"));
        attribute.raw_text = text_of(at(row, "raw", "string"));
        attribute.prefail = boolean(at(row, "flags", "prefailure")).value_or(false);
        attribute.error_rate = boolean(at(row, "flags", "error_rate")).value_or(false);
        attribute.event_count = boolean(at(row, "flags", "event_count")).value_or(false);
        const std::string failed = text_of(at(row, "when_failed"));
        attribute.reported_failing_now = failed == "now";
        attribute.reported_failed_in_past = failed == "past";
        health.attributes.push_back(std::move(attribute));
    }
}

// The upper four bits of the self-test status: ATA/ATAPI Command Set 3, table 56.
SelfTestOutcome ata_outcome(int status) {
    const int code = (status >> 4) & 15;
    if (code == 0) return SelfTestOutcome::passed;
    return code >= 3 && code <= 8 ? SelfTestOutcome::failed : SelfTestOutcome::unfinished;
}

SelfTestKind ata_kind(int subcommand) {
    switch (subcommand & 0x7f) {
        case 1:
            return SelfTestKind::brief;
        case 2:
            return SelfTestKind::extended;
        default:
            return SelfTestKind::other;
    }
}

void read_ata_error_log(const json& root, DriveHealth& health) {
    for (const char* kind : {"extended", "summary"}) {
        const json& log = at(root, "ata_smart_error_log", kind);
        if (!log.is_object() || health.error_log_entries) continue;
        health.error_log_entries = not_negative(at(log, "count"));
        const json& table = at(log, "table");
        if (!table.is_array()) continue;
        for (const json& row : table) {
            if (health.logged_errors.size() >= 1024) break;
            health.logged_errors.push_back(
                {not_negative(at(row, "lifetime_hours")),
                 is_medium_error(text_of(at(row, "error_description")))});
        }
    }
}

void read_ata_logs(const json& root, DriveHealth& health) {
    read_ata_error_log(root, health);
    for (const char* log : {"extended", "standard"}) {
        const json& tests = at(root, "ata_smart_self_test_log", log);
        if (!tests.is_object() || health.self_test_log_read) continue;
        health.self_test_log_read = true;
        const json& table = at(tests, "table");
        if (!table.is_array()) continue;
        for (const json& row : table) {
            const auto type = small_number(at(row, "type", "value"));
            const auto status = small_number(at(row, "status", "value"));
            // Not self-tests: 0 is an off-line data collection; 0x40 to 0x7e and 0x90 and higher
            // are vendor specific.
            if (!type || !status || *type == 0 || health.self_tests.size() >= 1024) continue;
            const int subcommand = *type & 0x7f;
            if (subcommand > 4) continue;
            health.self_tests.push_back(
                {ata_kind(*type), ata_outcome(*status), not_negative(at(row, "lifetime_hours"))});
        }
    }
    // ATA device statistics, page 7, solid-state device statistics: used endurance at offset 8.
    const json& pages = at(root, "ata_device_statistics", "pages");
    if (!pages.is_array() || health.used_endurance_ratio) return;
    for (const json& page : pages) {
        const json& table = at(page, "table");
        if (small_number(at(page, "number")) != 7 || !table.is_array()) continue;
        for (const json& row : table) {
            const bool valid = boolean(at(row, "flags", "valid")).value_or(true);
            if (valid && small_number(at(row, "offset")) == 8) {
                const auto percent = not_negative(at(row, "value"));
                if (percent && *percent <= 255) health.used_endurance_ratio = *percent / 100;
            }
        }
    }
}

void read_nvme(const json& root, DriveHealth& health) {
    const json& log = at(root, "nvme_smart_health_information_log");
    if (log.is_object()) {
        if (const auto bits = small_number(at(log, "critical_warning")); bits && *bits >= 0) {
            health.critical_warning = static_cast<unsigned>(*bits) & 0xffU;
        }
        const auto ratio = [&](const char* key) -> std::optional<double> {
            const auto percent = not_negative(at(log, key));
            return percent ? std::optional<double>(*percent / 100) : std::nullopt;
        };
        health.available_spare_ratio = ratio("available_spare");
        health.available_spare_threshold_ratio = ratio("available_spare_threshold");
        health.used_endurance_ratio = ratio("percentage_used");
        health.media_errors = not_negative(at(log, "media_errors"));
        health.error_log_entries = not_negative(at(log, "num_err_log_entries"));
        if (const auto celsius = number(at(log, "temperature"));
            celsius && !health.temperature_celsius) {
            health.temperature_celsius = plausible_temperature(*celsius);
        }
        if (const auto hours = not_negative(at(log, "power_on_hours"));
            hours && !health.power_on_seconds) {
            health.power_on_seconds = plausible_power_on_seconds(*hours);
        }
    }
    const json& tests = at(root, "nvme_self_test_log");
    if (!tests.is_object()) return;
    health.self_test_log_read = true;
    const json& table = at(tests, "table");
    if (!table.is_array()) return;
    for (const json& row : table) {
        const auto code = small_number(at(row, "self_test_code", "value"));
        const auto result = small_number(at(row, "self_test_result", "value"));
        if (!code || !result || health.self_tests.size() >= 1024) continue;
        SelfTest test;
        test.kind = *code == 1   ? SelfTestKind::brief
                    : *code == 2 ? SelfTestKind::extended
                                 : SelfTestKind::other;
        // NVM Express base specification 2.0, figure 211: 0 passed, 5 to 7 failed, others aborted.
        test.outcome = *result == 0                   ? SelfTestOutcome::passed
                       : *result >= 5 && *result <= 7 ? SelfTestOutcome::failed
                                                      : SelfTestOutcome::unfinished;
        test.at_hours = not_negative(at(row, "power_on_hours"));
        health.self_tests.push_back(test);
    }
}

// Sectors that the drive's own scan could not read and that were not repaired since: SBC-4, table
// "REASSIGN STATUS": 1 a write or a reassignment is required, 4 and 8 a reassignment failed.
std::optional<double> background_scan_defects(const json& scan) {
    if (!scan.is_object()) return std::nullopt;
    std::set<double> sectors;
    for (const auto& [key, row] : scan.items()) {
        const auto status = small_number(at(row, "reassign_status", "value"));
        if (status != 1 && status != 4 && status != 8) continue;
        if (sectors.size() < 4096) sectors.insert(number(at(row, "lba")).value_or(0));
    }
    return sectors.empty() ? std::nullopt
                           : std::optional<double>(static_cast<double>(sectors.size()));
}

void read_scsi(const json& root, DriveHealth& health) {
    health.grown_defects = not_negative(at(root, "scsi_grown_defect_list"));
    health.pending_defects = not_negative(at(root, "scsi_pending_defects", "count"));
    if (const auto found = background_scan_defects(at(root, "scsi_background_scan")))
        health.pending_defects = std::max(*found, health.pending_defects.value_or(0));
    const json& log = at(root, "scsi_error_counter_log");
    health.uncorrected_reads = not_negative(at(log, "read", "total_uncorrected_errors"));
    health.uncorrected_writes = not_negative(at(log, "write", "total_uncorrected_errors"));
    health.uncorrected_verifies = not_negative(at(log, "verify", "total_uncorrected_errors"));
    if (const auto percent = not_negative(at(root, "scsi_percentage_used_endurance_indicator"))) {
        health.used_endurance_ratio = *percent / 100;
    }
    // smartctl 7.4 and later: up to 20 tests, scsi_self_test_0 is the newest.
    for (int index = 0; index < 20; ++index) {
        const json& row = at(root, fmt::format("scsi_self_test_{}", index).c_str());
        if (!row.is_object()) break;
        health.self_test_log_read = true;
        const std::string name = text_of(at(row, "code", "string"));
        const auto result = small_number(at(row, "result", "value"));
        if (!result) continue;
        SelfTest test;
        if (contains(name, "short")) test.kind = SelfTestKind::brief;
        if (contains(name, "long")) test.kind = SelfTestKind::extended;
        // SPC-4, table 315: 0 completed, 1 and 2 aborted, 3 to 7 failed, 15 in progress.
        test.outcome = *result == 0                   ? SelfTestOutcome::passed
                       : *result >= 3 && *result <= 7 ? SelfTestOutcome::failed
                                                      : SelfTestOutcome::unfinished;
        test.at_hours = not_negative(at(row, "power_on_time", "hours"));
        health.self_tests.push_back(test);
    }
}

// What smartctl says about its own run.
void read_smartctl(const json& about, SmartctlAnswer& answer) {
    answer.exit_status = small_number(at(about, "exit_status"));
    if (const json& version = at(about, "version"); version.is_array() && version.size() >= 2) {
        answer.major = small_number(version[0]).value_or(0);
        answer.minor = small_number(version[1]).value_or(0);
    }
    if (const json& messages = at(about, "messages"); messages.is_array()) {
        for (const json& message : messages) {
            const std::string words = text_of(at(message, "string"));
            if (contains(words, "STANDBY mode") || contains(words, "SLEEP mode")) {
                answer.asleep = true;
            }
            const bool is_error = text_of(at(message, "severity")) == "error";
            (is_error ? answer.errors : answer.warnings).push_back(words);
        }
    }
}

// What the exit status tells and the document does not show: a document may have been made with
// few options, or cut down by another program.
void heed_exit_status(const SmartctlExit& exit, SmartctlAnswer& answer) {
    DriveHealth& health = answer.health;
    if (exit.bad_command_line || exit.open_failed) {
        if (health.would_show_failure())
            answer.doubt("smartctl's exit status says that it could not ask the drive");
        return;
    }
    const bool ata =
        health.protocol == DriveProtocol::ata || health.protocol == DriveProtocol::unknown;
    if (exit.drive_failing) health.passed = false;
    health.unlisted_prefail_failing =
        exit.prefail_now &&
        std::ranges::none_of(health.attributes, [](const AtaAttribute& attribute) {
            return attribute.prefail && failing_now(attribute);
        });
    if (exit.prefail_in_past && health.attributes.empty())
        answer.doubt(
            "smartctl's exit status says that an attribute was at its threshold; the output does "
            "not have the attributes");
    if (exit.error_log && ata && !health.error_log_entries)
        answer.doubt(
            "smartctl's exit status says that the drive's error log has entries; the output does "
            "not have the log");
    if (exit.self_test_log && !health.self_test_log_read) {
        if (ata) {  // smartctl leaves out tests that a later one has made outdated
            health.self_tests.push_back({SelfTestKind::extended, SelfTestOutcome::failed, {}});
        } else {
            answer.doubt(
                "smartctl's exit status says that a self-test failed; the output does not have "
                "the log");
        }
    }
    const bool counts = !health.attributes.empty() || health.media_errors || health.grown_defects ||
                        health.uncorrected_reads || health.pending_defects;
    const bool failed = exit.some_command_failed || !answer.errors.empty();
    if (failed && !counts && health.would_show_failure())
        answer.doubt(answer.errors.empty()
                         ? "smartctl's exit status says that the drive refused a command, and the "
                           "output has nothing but a verdict"
                         : answer.errors.front());
}

// Values that are there but are no numbers.
void note_unreadable_values(const json& root, SmartctlAnswer& answer) {
    const auto note = [&](const json& value, const std::string& name) {
        if (!value.is_null() && !not_negative(value))
            answer.doubt(fmt::format("its {} cannot be read", name));
    };
    if (const json& passed = at(root, "smart_status", "passed");
        !passed.is_null() && !passed.is_boolean())
        answer.doubt("its verdict cannot be read");
    const json& nvme = at(root, "nvme_smart_health_information_log");
    note(at(nvme, "critical_warning"), "critical warning");
    note(at(nvme, "media_errors"), "number of media errors");
    note(at(root, "scsi_grown_defect_list"), "number of grown defects");
    for (const char* operation : {"read", "write", "verify"})
        note(at(root, "scsi_error_counter_log", operation, "total_uncorrected_errors"),
             fmt::format("number of {} errors", operation));
    for (const AtaAttribute& attribute : answer.health.attributes) {
        if (is_vital(attribute.id) && !unpacked_raw(attribute, answer.health))
            answer.doubt(fmt::format("its attribute {} cannot be read", attribute.id));
    }
    const json& table = at(root, "ata_smart_attributes", "table");
    if (table.is_array() && table.size() > answer.health.attributes.size())
        answer.doubt("some of its attributes cannot be read");
}

void read_scan(const json& root, SmartctlAnswer& answer) {
    const json& devices = at(root, "devices");
    if (!devices.is_array()) return;
    answer.is_scan = true;
    for (const json& device : devices) {
        answer.scanned.push_back({text_of(at(device, "name")), text_of(at(device, "type")),
                                  text_of(at(device, "protocol"))});
    }
}

}  // namespace

SmartctlExit smartctl_exit(int status) {
    const auto bit = [status](int number) { return ((status >> number) & 1) != 0; };
    return {bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), bit(6), bit(7)};
}

Result<SmartctlAnswer> parse_smartctl_json(std::string_view text) {
    const json root = json::parse(text.begin(), text.end(), nullptr, false);
    if (!root.is_object()) {
        return fail(ErrorKind::malformed, "the output of smartctl is not a JSON object");
    }
    if (!root.contains("json_format_version") && !root.contains("smartctl") &&
        !root.contains("smart_status") && !root.contains("device")) {
        return fail(ErrorKind::malformed, "the JSON object is not of smartctl");
    }
    SmartctlAnswer answer;
    read_smartctl(at(root, "smartctl"), answer);
    read_scan(root, answer);
    DriveHealth& health = answer.health;
    answer.device_type = text_of(at(root, "device", "type"));
    if (const json& available = at(root, "smart_support", "available"); available.is_boolean()) {
        answer.smart_available = available.get<bool>();
    }
    read_identity(root, health);
    read_common(root, health);
    read_attributes(root, health);
    read_ata_logs(root, health);
    read_nvme(root, health);
    read_scsi(root, health);
    if (answer.exit_status) heed_exit_status(smartctl_exit(*answer.exit_status), answer);
    note_unreadable_values(root, answer);
    if (answer.asleep) {
        const bool sleeping = health.power_state == PowerState::sleep;
        health.power_state = sleeping ? PowerState::sleep : PowerState::standby;
    }
    return answer;
}

}  // namespace lastgood
