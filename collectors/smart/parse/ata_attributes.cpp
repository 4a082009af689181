#include "collectors/smart/parse/ata_attributes.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "collectors/smart/parse/ata_raw_text.hpp"
#include "collectors/smart/parse/plausible.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

std::string_view name_of(const AtaAttribute& attribute) {
    return attribute.name.empty() ? default_attribute_name(attribute.id) : attribute.name;
}

// Seagate's rotating drives, without those of Samsung's design ("ST1000LM024 HN-M101MBB").
bool packs_like_seagate(const DriveHealth& drive) {
    if (contains(drive.model, " HN-M")) return false;
    if (drive.rotational == false) return false;
    const bool by_model =
        drive.model.size() > 2 && drive.model.starts_with("ST") && is_digit(drive.model[2]);
    return by_model || contains(to_lower(drive.family), "seagate") ||
           to_lower(drive.model).starts_with("seagate st") || drive.model.starts_with("MAXTOR STM");
}

// The unit of attribute 9 where it is not an hour; 0: an hour.
double power_on_unit_seconds(const DriveHealth& drive, uint64_t raw) {
    const std::string_view model = drive.model;
    if (model.starts_with("FUJITSU MHY2") && drive.firmware == "0085000B") return 60;
    if (model.starts_with("FUJITSU MHR") || model.starts_with("FUJITSU MHS") ||
        model.starts_with("FUJITSU MHT") || model.starts_with("FUJITSU MPF") ||
        model.starts_with("FUJITSU MPG")) {
        return 1;
    }
    if (model.starts_with("Maxtor ") && model.size() > 7 && is_digit(model[7])) return 60;
    if (model.starts_with("SAMSUNG SV") || model.starts_with("SAMSUNG MP")) return 30;
    const bool samsung_disk = model.starts_with("SAMSUNG SP") || model.starts_with("SAMSUNG H");
    if (samsung_disk && static_cast<double>(raw) > 25.0 * 365.25 * 24) return 30;
    return 0;
}

std::optional<double> power_on_seconds(const AtaAttribute& attribute, const DriveHealth& drive) {
    const RawText text = parse_raw_text(attribute.raw_text);
    if (text.form == RawText::Form::duration) {
        return plausible_power_on_seconds(text.numbers[0] / 3600);
    }
    uint64_t raw = 0;
    if (attribute.raw && text.form != RawText::Form::annotated) {
        raw = *attribute.raw;
    } else if (text.form == RawText::Form::annotated || text.form == RawText::Form::plain) {
        raw = static_cast<uint64_t>(std::abs(text.numbers[0]));
    } else {
        return std::nullopt;
    }
    // The bits above the low 32 are milliseconds (Seagate) or minutes; some drives use the fourth
    // byte as well.
    if (raw > 0xffffffffU) raw &= 0xffffffffU;
    if (const double unit = power_on_unit_seconds(drive, raw); unit > 0) {
        return plausible_power_on_seconds(static_cast<double>(raw) * unit / 3600);
    }
    if (const auto seconds = plausible_power_on_seconds(static_cast<double>(raw))) return seconds;
    return plausible_power_on_seconds(static_cast<double>(raw & 0xffffffU));
}

std::optional<double> temperature(const AtaAttribute& attribute, const DriveHealth& drive) {
    const RawText text = parse_raw_text(attribute.raw_text);
    if (text.form == RawText::Form::annotated) return plausible_temperature(text.numbers[0]);
    if (!attribute.raw && text.form != RawText::Form::plain) return std::nullopt;
    const uint64_t raw =
        attribute.raw ? *attribute.raw : static_cast<uint64_t>(std::abs(text.numbers[0]));
    const uint64_t word = raw & 0xffff;
    // Old Samsung drives report tenths of a degree.
    if (word > 150 && word < 1000 && raw < 65536 && drive.model.starts_with("SAMSUNG S")) {
        return plausible_temperature(static_cast<double>(word) / 10);
    }
    // The low byte is the current value, signed; the higher bytes hold minimum and maximum.
    return plausible_temperature(static_cast<double>(static_cast<int8_t>(raw & 0xff)));
}

// An event counter, without the values that are packed above its 32 bits.
std::optional<double> counter(const AtaAttribute& attribute) {
    const RawText text = parse_raw_text(attribute.raw_text);
    switch (text.form) {
        case RawText::Form::annotated:
        case RawText::Form::fraction:
            return text.numbers[0];
        case RawText::Form::words:
            return *std::max_element(text.numbers.begin(), text.numbers.end());
        case RawText::Form::duration:
            return std::nullopt;
        case RawText::Form::unreadable:
            if (!attribute.raw) return std::nullopt;
            break;
        case RawText::Form::plain:
        case RawText::Form::hexadecimal:
            break;
    }
    const uint64_t raw =
        attribute.raw ? *attribute.raw : static_cast<uint64_t>(std::abs(text.numbers[0]));
    return static_cast<double>(raw > 0xffffffffU ? raw & 0xffffffffU : raw);
}

// Attribute 188 of Seagate and others has three 16-bit counters. The higher two count commands over
// longer limits, which the lowest counts as well: the largest is the total.
std::optional<double> command_timeouts(const AtaAttribute& attribute) {
    if (parse_raw_text(attribute.raw_text).form == RawText::Form::words || !attribute.raw ||
        *attribute.raw < 65536) {
        return counter(attribute);
    }
    const uint64_t raw = *attribute.raw;
    const uint64_t largest = std::max({raw & 0xffff, (raw >> 16) & 0xffff, (raw >> 32) & 0xffff});
    return static_cast<double>(largest);
}

// SandForce and others report a rate in 187, not a number of errors.
bool is_a_rate(const AtaAttribute& attribute) {
    return attribute.error_rate && attribute.prefail;
}

std::optional<double> remaining(const AtaAttribute& attribute) {
    if (!attribute.normalized || *attribute.normalized > 100) return std::nullopt;
    return (100.0 - *attribute.normalized) / 100;
}

std::optional<double> endurance(const AtaAttribute& attribute, const DriveHealth& drive) {
    const std::string who = to_lower(drive.model + " " + drive.family);
    const std::string name = to_lower(attribute.name);
    const bool samsung = who.starts_with("samsung") || who.starts_with("mz");
    const bool intel = who.starts_with("intel ssd") || who.starts_with("ssdsc") ||
                       contains(who, "intel") || contains(who, "solidigm");
    const bool micron = contains(who, "crucial") || contains(who, "micron") ||
                        who.starts_with("mtfd") || contains(who, "mx500ssd");
    switch (attribute.id) {
        case 177:  // also in the first generations (SLC); counts down from 100
            return samsung && contains(name.empty() ? "wear_leveling" : name, "wear_leveling")
                       ? remaining(attribute)
                       : std::nullopt;
        case 202: {
            const bool named = contains(name, "percent_lifetime") || contains(name, "rated_life");
            const bool known = named && micron;
            const bool alone = name.empty() && micron;
            if (!known && !alone) return std::nullopt;
            // The raw value is the used percentage, whatever the name says; it may exceed 100.
            const auto used = counter(attribute);
            if (used && *used <= 255) return *used / 100;
            return remaining(attribute);
        }
        case 231:
            return contains(name, "ssd_life_left") && attribute.normalized &&
                           *attribute.normalized < 100
                       ? remaining(attribute)
                       : std::nullopt;
        case 233:
            return intel && (name.empty() || contains(name, "media_wearout")) ? remaining(attribute)
                                                                              : std::nullopt;
        case 245:
            return contains(name, "percent_life_remaining") ? remaining(attribute) : std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::string_view default_attribute_name(int id) {
    struct Name {
        int id;
        std::string_view name;
    };
    static constexpr std::array names = {
        Name{1, "Raw_Read_Error_Rate"},
        Name{2, "Throughput_Performance"},
        Name{3, "Spin_Up_Time"},
        Name{4, "Start_Stop_Count"},
        Name{5, "Reallocated_Sector_Ct"},
        Name{7, "Seek_Error_Rate"},
        Name{8, "Seek_Time_Performance"},
        Name{9, "Power_On_Hours"},
        Name{10, "Spin_Retry_Count"},
        Name{11, "Calibration_Retry_Count"},
        Name{12, "Power_Cycle_Count"},
        Name{22, "Helium_Level"},
        Name{170, "Available_Reservd_Space"},
        Name{171, "Program_Fail_Count"},
        Name{172, "Erase_Fail_Count"},
        Name{177, "Wear_Leveling_Count"},
        Name{179, "Used_Rsvd_Blk_Cnt_Tot"},
        Name{180, "Unused_Rsvd_Blk_Cnt_Tot"},
        Name{181, "Program_Fail_Cnt_Total"},
        Name{182, "Erase_Fail_Count_Total"},
        Name{183, "Runtime_Bad_Block"},
        Name{184, "End-to-End_Error"},
        Name{187, "Reported_Uncorrect"},
        Name{188, "Command_Timeout"},
        Name{189, "High_Fly_Writes"},
        Name{190, "Airflow_Temperature_Cel"},
        Name{191, "G-Sense_Error_Rate"},
        Name{192, "Power-Off_Retract_Count"},
        Name{193, "Load_Cycle_Count"},
        Name{194, "Temperature_Celsius"},
        Name{195, "Hardware_ECC_Recovered"},
        Name{196, "Reallocated_Event_Count"},
        Name{197, "Current_Pending_Sector"},
        Name{198, "Offline_Uncorrectable"},
        Name{199, "UDMA_CRC_Error_Count"},
        Name{200, "Multi_Zone_Error_Rate"},
        Name{201, "Soft_Read_Error_Rate"},
        Name{232, "Available_Reservd_Space"},
        Name{233, "Media_Wearout_Indicator"},
        Name{240, "Head_Flying_Hours"},
        Name{241, "Total_LBAs_Written"},
        Name{242, "Total_LBAs_Read"},
    };
    for (const Name& entry : names) {
        if (entry.id == id) return entry.name;
    }
    return "Unknown_Attribute";
}

bool is_vital(int id) {
    return id == 5 || id == 187 || id == 197 || id == 198;
}

std::optional<double> unpacked_raw(const AtaAttribute& attribute, const DriveHealth& drive) {
    const RawText text = parse_raw_text(attribute.raw_text);
    switch (attribute.id) {
        case 1:
        case 7:
            // Seagate: the upper 16 bits count errors, the lower 32 operations.
            if ((text.form == RawText::Form::plain || text.form == RawText::Form::unreadable) &&
                attribute.raw && packs_like_seagate(drive)) {
                return static_cast<double>(*attribute.raw >> 32);
            }
            break;
        case 5:
        case 187:
        case 196:
        case 197:
        case 198:
        case 199:
            return counter(attribute);
        case 9:
        case 240: {
            const bool hours = contains(to_lower(name_of(attribute)), "hours");
            if (!hours) break;
            const auto seconds = power_on_seconds(attribute, drive);
            return seconds ? std::optional<double>(*seconds / 3600) : std::nullopt;
        }
        case 188:
            return command_timeouts(attribute);
        case 190:
        case 194:
            return temperature(attribute, drive);
        default:
            break;
    }
    switch (text.form) {
        case RawText::Form::plain:
        case RawText::Form::hexadecimal:
        case RawText::Form::annotated:
        case RawText::Form::fraction:
            return text.numbers[0];
        case RawText::Form::duration:
            return text.numbers[0] / 3600;
        case RawText::Form::words:
            return text.numbers.back();
        case RawText::Form::unreadable:
            break;
    }
    return attribute.raw ? std::optional<double>(static_cast<double>(*attribute.raw))
                         : std::nullopt;
}

bool failing_now(const AtaAttribute& attribute) {
    if (attribute.normalized && attribute.threshold) {
        return *attribute.threshold > 0 && *attribute.normalized <= *attribute.threshold;
    }
    return attribute.reported_failing_now;
}

bool failed_in_past(const AtaAttribute& attribute) {
    if (failing_now(attribute)) return false;
    if (attribute.worst && attribute.threshold) {
        return *attribute.threshold > 0 && *attribute.worst > 0 &&
               *attribute.worst <= *attribute.threshold;
    }
    return attribute.reported_failed_in_past;
}

AtaSummary summarise_attributes(const DriveHealth& drive) {
    AtaSummary summary;
    std::optional<double> airflow;
    // This Fujitsu firmware uses 197, 198 and 199 for something else.
    const bool other_meaning = drive.firmware == "0085000B";
    for (const AtaAttribute& attribute : drive.attributes) {
        const std::string name = to_lower(name_of(attribute));
        if (contains(name, "not_in_use")) continue;
        switch (attribute.id) {
            case 5:
                summary.reallocated_sectors = counter(attribute);
                break;
            case 9:
                summary.power_on_seconds = power_on_seconds(attribute, drive);
                break;
            case 187:
                if (!is_a_rate(attribute)) {
                    summary.reported_uncorrectable_errors = counter(attribute);
                }
                break;
            case 188:
                if (contains(name, "timeout")) {
                    summary.command_timeouts = command_timeouts(attribute);
                }
                break;
            case 190:
                if (contains(name, "temp")) airflow = temperature(attribute, drive);
                break;
            case 194:
                if (contains(name, "temp")) {
                    summary.temperature_celsius = temperature(attribute, drive);
                }
                break;
            case 197:
                if (contains(name, "pend") && !other_meaning) {
                    summary.pending_sectors = counter(attribute);
                    // Crucial's MX500 reports 1 for some seconds without a cause; smartmontools
                    // calls the attribute bogus.
                    const bool bogus =
                        contains(name, "bogus") ||
                        (attribute.name.empty() && contains(drive.model, "MX500SSD"));
                    if (bogus && summary.pending_sectors == 1) summary.pending_sectors.reset();
                }
                break;
            case 198:
                if (contains(name, "unc") && !other_meaning) {
                    summary.offline_uncorrectable_sectors = counter(attribute);
                }
                break;
            case 199:
                if (contains(name, "crc") && !other_meaning) {
                    summary.interface_crc_errors = counter(attribute);
                }
                break;
            default:
                break;
        }
        if (!summary.used_endurance_ratio) {
            summary.used_endurance_ratio = endurance(attribute, drive);
        }
    }
    if (!summary.temperature_celsius) summary.temperature_celsius = airflow;
    return summary;
}

}  // namespace lastgood
