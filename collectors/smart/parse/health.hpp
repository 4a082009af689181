// A drive's health, read by any of the readers (libatasmart, libnvme, smartctl) or from a saved
// output, and its observations. Everything is optional: what a drive does not report stays absent.
// All functions are pure; they do not block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/observation.hpp"
#include "core/time.hpp"

namespace lastgood {

enum class DriveProtocol { unknown, ata, nvme, scsi };
std::string_view to_string(DriveProtocol protocol);

// One row of an ATA drive's attribute table (ATA-3 to ACS-3). The meaning is vendor specific.
struct AtaAttribute {
    int id = 0;                     // 1 to 255
    std::string name;               // as the source prints it; empty: it prints none
    std::optional<int> normalized;  // 1 to 253, higher is better
    std::optional<int> worst;       // 1 to 253, the lowest `normalized` so far
    std::optional<int> threshold;   // 0: the attribute never fails
    std::optional<uint64_t> raw;    // 48 bits; absent if the source prints no integer
    std::string raw_text;           // as smartctl prints it; empty: only `raw` is known
    bool prefail = false;           // at the threshold: true: failure is imminent; false: worn out
    bool error_rate = false;        // the normalized value is an error rate
    bool event_count = false;       // the raw value counts events
    // The source's own verdict; used if `normalized`, `worst` or `threshold` is absent.
    bool reported_failing_now = false;
    bool reported_failed_in_past = false;
};

// `brief` is the "short" self-test of the standards.
enum class SelfTestKind { brief, extended, other };
// `unfinished`: aborted, interrupted or still running.
enum class SelfTestOutcome { passed, failed, unfinished };

struct SelfTest {
    SelfTestKind kind = SelfTestKind::other;
    SelfTestOutcome outcome = SelfTestOutcome::unfinished;
    std::optional<double> at_hours;  // power-on hours at its end; on ATA drives modulo 65536
};

// An entry in an ATA drive's error log.
struct LoggedError {
    std::optional<double> at_hours;  // power-on hours modulo 65536
    bool medium = false;             // a sector could not be read or found: UNC, AMNF, IDNF
};

enum class PowerState { unknown, active, idle, standby, sleep };
std::string_view to_string(PowerState state);

struct DriveHealth {
    // Identity.
    std::string device;  // current device name, "sda"; empty: unknown
    std::string model, family, serial, firmware;
    std::string wwn;  // "0x5000c500a1b2c3d4"
    DriveProtocol protocol = DriveProtocol::unknown;
    std::optional<bool> rotational;
    std::optional<double> capacity_bytes;

    // All drives.
    std::optional<bool> passed;  // the drive's own overall verdict
    std::optional<double> temperature_celsius;
    std::optional<double> temperature_limit_celsius;
    std::optional<double> power_on_seconds;
    PowerState power_state = PowerState::unknown;
    std::optional<double> used_endurance_ratio;  // 1: the rated life is used up; may exceed 1
    std::optional<double> error_log_entries;     // errors that the drive has logged in its life
    std::vector<SelfTest> self_tests;            // newest first
    bool self_test_log_read = false;             // false: an empty `self_tests` means unknown

    // ATA.
    std::vector<AtaAttribute> attributes;
    // A pre-failure attribute is at its threshold, and `attributes` does not have it.
    bool unlisted_prefail_failing = false;
    std::vector<LoggedError> logged_errors;  // the newest ones

    // NVMe.
    std::optional<double> available_spare_ratio;            // 0 to 1
    std::optional<double> available_spare_threshold_ratio;  // 0 to 1
    std::optional<unsigned> critical_warning;               // byte 0 of the SMART log, bit by bit
                                                            // (see also scsi_warning())
    std::optional<double> media_errors;
    double logged_media_errors = 0;  // those among the entries that an NVMe drive's error log shows

    // SCSI.
    std::optional<double> grown_defects;
    std::optional<double> pending_defects;  // sectors that wait for a write
    std::optional<double> uncorrected_reads, uncorrected_writes, uncorrected_verifies;

    // True if anything but the identity is known.
    bool has_health() const;
    // True if something is known that would show a failing drive: a verdict or counters of errors,
    // not only a temperature or an age.
    bool would_show_failure() const;
};

// The bits of an NVMe drive's critical warning as values of the label `warning`, and whether each
// is set. Bits that the specification reserves are "unknown", which is there only if one is set.
std::vector<std::pair<std::string_view, bool>> critical_warnings(unsigned bits);

// A SCSI drive's warning that predicts no failure, as NVMe's critical warning: a temperature out of
// its limits. smartctl calls the verdict "not passed" for it too. Absent: any other code.
std::optional<unsigned> scsi_warning(unsigned asc, unsigned ascq);

// The drive's id (make_drive_id); if it has none, the device name, else the model, else
// "unknown-drive".
std::string drive_id(const DriveHealth& health);

// True if a self-test failed and no later one of at least the same extent passed: a passed short
// test does not clear a failed extended one. Absent: no test has finished.
std::optional<bool> self_test_failed(const std::vector<SelfTest>& tests);

// Power-on seconds since the newest finished test of this kind. Absent: there is none, or a time is
// unknown. ATA drives log hours modulo 65536; a test older than that looks younger.
std::optional<double> self_test_age(const DriveHealth& health, SelfTestKind kind);

// Entries of medium errors in the last 168 power-on hours. Absent: there is no log, or a time is
// unknown.
std::optional<double> recent_logged_errors(const DriveHealth& health);

// Writes everything that is known as observations of `subject`. `reader` is the value of the label
// `reader`: "libatasmart", "libnvme", "smartctl", "nvme" or "none".
void observe_drive_health(const DriveHealth& health, std::string_view subject,
                          std::string_view reader, Timestamp observed_at, Sink& sink);

}  // namespace lastgood
