// Interprets the raw values of ATA SMART attributes. The standard leaves their meaning to the
// vendors, who pack several counters into 48 bits. Sources: smartmontools' drivedb.h (raw formats
// by drive), Seagate's "SMART attribute specification" (1, 7, 188, 240), libatasmart's quirk table
// (Fujitsu, Maxtor, Samsung), data sheets. All functions are pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/smart/parse/health.hpp"

namespace lastgood {

// A raw value as smartctl prints it.
struct RawText {
    enum class Form {
        unreadable,   // no known form
        plain,        // "53045"
        annotated,    // "53045 (0 5)", "27 (Min/Max 17/55)", "180 (Average 187)": value, details
        duration,     // "47060h+35m+00.858s"
        words,        // "1203 1222 1222": 16-bit words, or six 8-bit ones; the highest first
        fraction,     // "0/221184652": errors per operations
        hexadecimal,  // "0x00000000000c"
    };
    Form form = Form::unreadable;
    // plain, hexadecimal, annotated: the value; fraction: both numbers; duration: seconds; words:
    // all of them.
    std::vector<double> numbers;
};
RawText parse_raw_text(std::string_view text);

// The name in smartctl's default table, or "Unknown_Attribute".
std::string_view default_attribute_name(int id);

// The raw value without the other counters that vendors pack into it; absent if it is meaningless.
std::optional<double> unpacked_raw(const AtaAttribute& attribute, const DriveHealth& drive);

// At or below the threshold; a threshold of 0 never fails.
bool failing_now(const AtaAttribute& attribute);
// Was at or below the threshold and is above it now.
bool failed_in_past(const AtaAttribute& attribute);

// What the attributes of a drive say, by id; absent if no attribute says so reliably.
struct AtaSummary {
    std::optional<double> reallocated_sectors;            // 5
    std::optional<double> pending_sectors;                // 197
    std::optional<double> offline_uncorrectable_sectors;  // 198
    std::optional<double> reported_uncorrectable_errors;  // 187
    std::optional<double> command_timeouts;               // 188
    std::optional<double> interface_crc_errors;           // 199
    std::optional<double> power_on_seconds;               // 9
    std::optional<double> temperature_celsius;            // 194, else 190
    std::optional<double> used_endurance_ratio;           // 177, 202, 231, 233 or 245, by vendor
};
AtaSummary summarise_attributes(const DriveHealth& drive);

// Absent if no drive can have so many power-on hours (over 40 years). Intel's 520 and 330 series
// start at 894,794 hours.
std::optional<double> plausible_power_on_seconds(double hours);

// Absent if it is 0 (drives without a sensor report 0) or outside -60 to 150 °C.
std::optional<double> plausible_temperature(double celsius);

}  // namespace lastgood
