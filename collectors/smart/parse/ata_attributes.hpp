// Interprets the raw values of ATA SMART attributes. The standard leaves their meaning to the
// vendors, who pack several counters into 48 bits. Sources: smartmontools' drivedb.h (raw formats
// by drive), Seagate's "SMART attribute specification" (1, 7, 188, 240), libatasmart's quirk table
// (Fujitsu, Maxtor, Samsung), data sheets. All functions are pure.
#pragma once

#include <optional>
#include <string_view>

#include "collectors/smart/parse/health.hpp"

namespace lastgood {

// The name in smartctl's default table, or "Unknown_Attribute".
std::string_view default_attribute_name(int id);

// True for the attributes whose raw value tells of lost or endangered sectors: 5, 187, 197, 198.
bool is_vital(int id);

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

}  // namespace lastgood
