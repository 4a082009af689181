// What the raw values of ATA SMART attributes mean. The standard leaves them to the vendors, who
// pack several counters into 48 bits; sources of the facts used here: smartmontools' drivedb.h (raw
// formats by drive), Seagate's "SMART attribute specification" (1, 7, 188, 240), libatasmart's
// quirk table (Fujitsu, Maxtor, Samsung), vendors' data sheets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/smart/health.hpp"

namespace lastgood {

// A raw value as smartctl prints it, taken apart.
struct RawText {
    enum class Form {
        unreadable,
        plain,      // "53045"
        annotated,  // "53045 (0 5)", "27 (Min/Max 17/55)", "180 (Average 187)": the value, then
                    // details
        duration,   // "47060h+35m+00.858s"
        words,      // "1203 1222 1222": 16-bit words (8-bit where six), the highest first
        fraction,   // "0/221184652": errors per operations
        hexadecimal,
    };
    Form form = Form::unreadable;
    std::vector<double>
        numbers;  // plain, annotated, fraction: the value first; duration: seconds; words: all
};
RawText parse_raw_text(std::string_view text);

// The attribute's usual name (that of smartctl's default table), or "Unknown_Attribute".
std::string_view usual_attribute_name(int id);

// The raw value with what vendors pack beside it removed; absent when it means nothing.
std::optional<double> unpacked_raw(const AtaAttribute& attribute, const DriveHealth& drive);

// Whether it is at or below its threshold (a threshold of 0 never fails).
bool failing_now(const AtaAttribute& attribute);
bool failed_in_past(const AtaAttribute& attribute);  // was, and is no longer

// What the attribute table as a whole says; absent where it does not, or not for sure.
struct AtaMeanings {
    std::optional<double> reallocated_sectors;            // 5
    std::optional<double> pending_sectors;                // 197
    std::optional<double> offline_uncorrectable_sectors;  // 198
    std::optional<double> reported_uncorrectable_errors;  // 187
    std::optional<double> command_timeouts;               // 188
    std::optional<double> interface_crc_errors;           // 199
    std::optional<double> power_on_seconds;               // 9
    std::optional<double> temperature_celsius;            // 194, else 190
    std::optional<double> used_endurance_ratio;           // 177, 202, 231, 233 … by vendor
};
AtaMeanings ata_meanings(const DriveHealth& drive);

// Power-on hours as they stand in a drive's own books; absent when nobody can have powered it for
// so long. Intel's 520 and 330 series start counting at 894,794.
std::optional<double> plausible_power_on_seconds(double hours);

// A temperature in degrees; absent when it is 0 (drives without a sensor say 0) or no drive could
// have it.
std::optional<double> plausible_temperature(double celsius);

}  // namespace lastgood
