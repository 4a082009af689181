// What is known of a drive's health, whoever read it (libatasmart, libnvme, smartctl, a saved
// output), and what it means as observations. Everything is optional: what a drive does not say
// stays absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/observation.hpp"
#include "core/time.hpp"

namespace lastgood {

enum class DriveProtocol { unknown, ata, nvme, scsi };
std::string_view to_string(DriveProtocol protocol);

// One row of an ATA drive's attribute table (ATA-3 to ACS-3, vendor specific in meaning).
struct AtaAttribute {
    int id = 0;
    std::string name;               // the source's name for it; empty: none
    std::optional<int> normalized;  // 1..253, higher is better
    std::optional<int> worst;
    std::optional<int> threshold;  // 0: never fails
    std::optional<uint64_t> raw;   // as an integer, where the source gives one
    std::string raw_text;          // as printed by smartctl's drive database; empty: only `raw`
    bool prefail = false;      // at the threshold the drive is about to fail; else it is worn out
    bool error_rate = false;   // the normalized value is a rate of errors
    bool event_count = false;  // the raw value counts events
    bool says_failing_now = false;  // the source's own verdict, for lack of numbers
    bool says_failed_in_past = false;
};

enum class SelfTestKind { brief, extended, other };
enum class SelfTestOutcome {
    passed,
    failed,
    unfinished
};  // unfinished: aborted, interrupted or still running

struct SelfTest {
    SelfTestKind kind = SelfTestKind::other;
    SelfTestOutcome outcome = SelfTestOutcome::unfinished;
    std::optional<double> at_hours;  // power-on hours when it ended; of ATA drives modulo 65536
};

enum class PowerState { unknown, active, idle, standby, sleep };
std::string_view to_string(PowerState state);

struct DriveHealth {
    // Identity.
    std::string device;  // name of the moment, "sda"; empty: unknown
    std::string model, family, serial, firmware;
    std::string wwn;  // "0x5000c500a1b2c3d4"
    DriveProtocol protocol = DriveProtocol::unknown;
    std::optional<bool> rotational;
    std::optional<double> capacity_bytes;

    // Of any drive.
    std::optional<bool> passed;  // the drive's own overall verdict
    std::optional<double> temperature_celsius;
    std::optional<double> temperature_limit_celsius;
    std::optional<double> power_on_seconds;
    PowerState power_state = PowerState::unknown;
    std::optional<double> used_endurance_ratio;
    std::optional<double> error_log_entries;
    std::vector<SelfTest> self_tests;  // newest first
    bool self_test_log_read = false;   // false: an empty list says nothing

    // ATA.
    std::vector<AtaAttribute> attributes;

    // NVMe.
    std::optional<double> available_spare_ratio;
    std::optional<double> available_spare_threshold_ratio;
    std::optional<unsigned> critical_warning;  // the bits of NVMe's SMART log, byte 0
    std::optional<double> media_errors;

    // SCSI.
    std::optional<double> grown_defects;
    std::optional<double> pending_defects;
    std::optional<double> uncorrected_reads, uncorrected_writes, uncorrected_verifies;

    // Whether it holds anything besides an identity.
    bool has_health() const;
};

// The id that core/topology would give the drive: "wwn-0x…", else "MODEL_SERIAL" with blanks as
// '_', else the device's name, else the model, else "unknown-drive".
std::string drive_id(const DriveHealth& health);

// 1 when a self-test failed and no later one of the same or a greater extent passed (a short test
// that passes says nothing of what an extended one found). Absent: none has finished.
std::optional<bool> self_test_failed(const std::vector<SelfTest>& tests);

// Powered-on seconds since the newest finished test of a kind. ATA logs hours modulo 65536.
std::optional<double> self_test_age(const DriveHealth& health, SelfTestKind kind);

// Everything that the drive says, as observations of `subject`. `reader` is what read it:
// libatasmart, libnvme, smartctl, none.
void observe_drive_health(const DriveHealth& health, std::string_view subject,
                          std::string_view reader, Timestamp observed_at, Sink& sink);

}  // namespace lastgood
