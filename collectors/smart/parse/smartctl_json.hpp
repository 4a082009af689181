// Parses smartctl's JSON output, 7.0 to 7.5 (smartmontools' json.cpp, ataprint.cpp, scsiprint.cpp,
// nvmeprint.cpp). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/smart/parse/health.hpp"
#include "core/result.hpp"

namespace lastgood {

// smartctl's exit status, a bit mask (smartctl(8), "EXIT STATUS"). With bits 0 and 1 clear, the
// output describes the drive.
struct SmartctlExit {
    bool bad_command_line = false;  // bit 0
    bool open_failed = false;       // bit 1; also a sleeping drive, unless -n sets another status
    bool some_command_failed = false;  // bit 2
    bool drive_failing = false;        // bit 3
    bool prefail_now = false;          // bit 4
    bool prefail_in_past = false;      // bit 5
    bool error_log = false;            // bit 6
    bool self_test_log = false;        // bit 7
};
SmartctlExit smartctl_exit(int status);

struct SmartctlDevice {
    std::string name;      // "/dev/sda", "/dev/bus/0"
    std::string type;      // argument of -d: "sat", "megaraid,4"
    std::string protocol;  // "ATA", "SCSI", "NVMe"
};

struct SmartctlAnswer {
    std::optional<int> exit_status;
    int major = 0, minor = 0;           // smartctl's version; 0: unknown
    std::vector<std::string> errors;    // messages of severity "error"
    std::vector<std::string> warnings;  // messages of any other severity
    DriveHealth health;
    std::string device_type;              // argument of -d
    std::vector<SmartctlDevice> scanned;  // output of --scan or --scan-open
    bool is_scan = false;
    bool asleep = false;                  // not read, because the drive sleeps
    std::optional<bool> smart_available;  // absent: not printed
    // Why a drive without a fault in this answer need not be fine: what is missing or unreadable,
    // for people. At most most_doubts.
    std::vector<std::string> doubts;
    // Lines of the text that tell of the drive's health but could not be read; in JSON none.
    std::vector<std::string_view> unread;
    static constexpr size_t most_doubts = 16, most_unread = 256;
    void doubt(std::string why) {
        if (doubts.size() < most_doubts) doubts.push_back(std::move(why));
    }
};

// Error: malformed, if it is not a JSON object of smartctl's. A field of an unexpected type
// is ignored.
Result<SmartctlAnswer> parse_smartctl_json(std::string_view text);

}  // namespace lastgood
