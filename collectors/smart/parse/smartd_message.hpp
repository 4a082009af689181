// Parses a message of smartd, as it stands in the system's log behind "smartd[1876]: ". The forms
// come from smartd.cpp of smartmontools 5.38 to 7.5. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

enum class SmartdKind {
    identity,               // `model`, `serial`, `wwn`
    failed,                 // the drive's verdict is FAILED
    pending,                // `value` unreadable sectors now
    offline_uncorrectable,  // `value` sectors now
    reallocated,            // `value` is attribute 5's raw value now
    prefailure_attribute,   // attribute `value` is at its threshold: failure is near
    usage_attribute,        // attribute `value` is at its threshold: worn out
    critical_warning,       // NVMe: `value` is the byte of warnings
    self_test_failed,       // the last self-test, or a new entry in their log
    temperature,            // `value` °C, above smartd's limit
    not_answering,          // health cannot be read
    media_errors,           // NVMe: `value` more since the last look
    logged_errors,          // `value` more of unknown nature since the last look
};

struct SmartdMessage {
    SmartdKind kind = SmartdKind::identity;
    std::string device;  // "sdb", "bus/0 [megaraid_disk_02]"
    uint64_t value = 0;
    std::string model, serial;
    std::string wwn;  // "0x5000c500a1b2c3d4"; empty: none
};

// nullopt: the message names no drive, or tells nothing of its health.
std::optional<SmartdMessage> parse_smartd_message(std::string_view message);

// The same for the text behind "Device: ".
std::optional<SmartdMessage> parse_smartd_device(std::string_view text);

}  // namespace lastgood
