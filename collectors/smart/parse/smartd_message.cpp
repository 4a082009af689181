#include "collectors/smart/parse/smartd_message.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

// "/dev/sdb [SAT]" → "sdb"; "/dev/bus/0 [megaraid_disk_02] [SAT]" → "bus/0 [megaraid_disk_02]"
std::string device_name(std::string_view text) {
    text = without_prefix(text, "/dev/");
    for (std::string_view type : {" [SAT]", " [ATA]", " [SCSI]", " [USB"}) {
        const size_t at = text.find(type);
        if (at != text.npos) text = text.substr(0, at);
    }
    return std::string(trim_end(text));
}

// "5-0014ee-0123456789" of ATA, "0x5000c500a1b2c3d4" of SCSI → "0x50014ee…"; empty: neither
std::string wwn_of(std::string_view text) {
    std::string digits;
    for (const char c : without_prefix(text, "0x"))
        if (c != '-') digits += to_lower(c);
    if (digits.size() != 16 || !consists_of(digits, hexadecimal_digits)) return {};
    return "0x" + digits;
}

// "WDC WD40EFRX-68N32N0, S/N:WD-WCC7K0000000, WWN:5-0014ee-000000000, FW:82.00A82, 4.00 TB",
// "[SEAGATE  ST600MM0006      LS08], lu id: 0x5000c500a1b2c3d4, S/N: S0M00000, 600 GB"
bool read_identity(std::string_view text, SmartdMessage& message) {
    const size_t serial = text.find(", S/N:");
    if (serial == text.npos) return false;
    message.kind = SmartdKind::identity;
    message.model = std::string(text.substr(0, serial));
    std::string_view rest = text.substr(serial + 6);
    message.serial = std::string(trim(take_until(rest, ',')));
    for (const std::string_view mark : {", lu id: ", ", WWN:"}) {
        const size_t at = text.find(mark);
        if (at == text.npos) continue;
        std::string_view number = text.substr(at + mark.size());
        message.wwn = wwn_of(take_until(number, ','));
    }
    if (const size_t unit = message.model.find(", lu id: "); unit != message.model.npos)
        message.model.resize(unit);
    return true;
}

// "8 Currently unreadable (pending) sectors (changed +8)", "No more Currently unreadable (pending)
// sectors, warning condition reset after 1 email"
bool read_sectors(std::string_view text, SmartdMessage& message) {
    const bool pending = contains(text, "nreadable (pending) sectors");
    if (!pending && !contains(text, "ffline uncorrectable sectors")) return false;
    message.kind = pending ? SmartdKind::pending : SmartdKind::offline_uncorrectable;
    if (text.starts_with("No more ")) return true;
    const auto count = take_number<uint64_t>(text);
    message.value = count.value_or(0);
    return count.has_value();
}

// "Failed SMART usage Attribute: 232 Available_Reservd_Space.", "SMART Prefailure Attribute: 5
// Reallocated_Sector_Ct changed from 100 [Raw 0] to 100 [Raw 8]"
bool read_attribute(std::string_view text, SmartdMessage& message) {
    const size_t mark = text.find(" Attribute: ");
    if (mark == text.npos) return false;
    std::string_view rest = text.substr(mark + 12);
    const auto id = take_number<uint64_t>(rest);
    if (!id || *id == 0 || *id > 255) return false;
    if (text.starts_with("Failed SMART ")) {
        message.kind = contains(text.substr(0, mark), "usage") ? SmartdKind::usage_attribute
                                                               : SmartdKind::prefailure_attribute;
        message.value = *id;
        return true;
    }
    const size_t raw = rest.rfind("[Raw ");
    if (*id != 5 || !contains(rest, "Reallocated") || raw == rest.npos) return false;
    rest = rest.substr(raw + 5);
    const auto count = take_number<uint64_t>(rest);
    if (!count || !rest.starts_with(']')) return false;
    message.kind = SmartdKind::reallocated;
    message.value = *count;
    return true;
}

// " changed from 1 to 4" → 3
std::optional<uint64_t> growth(std::string_view text) {
    text = without_prefix(text, " changed");
    text = without_prefix(text, " increased");
    if (!text.starts_with(" from ")) return std::nullopt;
    text.remove_prefix(6);
    const auto before = take_number<uint64_t>(text);
    if (!before || !text.starts_with(" to ")) return std::nullopt;
    text.remove_prefix(4);
    const auto after = take_number<uint64_t>(text);
    if (!after || *after <= *before) return std::nullopt;
    return *after - *before;
}

// "ATA error count increased from 4 to 9", "NVMe error count increased from 4 to 9 (0 new, 5
// ignored, 0 unknown)", "SMART/Health value: Media and Data Integrity Errors changed from 0 to 3"
bool read_growth(std::string_view text, SmartdMessage& message) {
    constexpr std::string_view ata = "ATA error count";
    constexpr std::string_view nvme = "NVMe error count";
    constexpr std::string_view media = "SMART/Health value: Media and Data Integrity Errors";
    const bool is_media = text.starts_with(media);
    const bool is_nvme = text.starts_with(nvme);
    if (!is_media && !is_nvme && !text.starts_with(ata)) return false;
    if (is_nvme && contains(text, "(0 new, ")) return false;  // all of them are harmless
    const auto count = growth(text.substr((is_media ? media : is_nvme ? nvme : ata).size()));
    message.kind = is_media ? SmartdKind::media_errors : SmartdKind::logged_errors;
    message.value = count.value_or(0);
    return count.has_value();
}

bool read_state(std::string_view text, SmartdMessage& message) {
    // A SCSI drive's warning that predicts no failure: in the words of scsiGetIEString().
    if (text.starts_with("SMART Failure: WARNING - SPECIFIED TEMPERATURE") ||
        (text.starts_with("SMART Failure: Warning - ") && contains(text, "temperature "))) {
        message.kind = SmartdKind::critical_warning;
        message.value = 1U << 1U;  // NVMe's bit of the temperature
        return true;
    }
    if (text.starts_with("FAILED SMART self-check") || text.starts_with("SMART Failure: ") ||
        text.starts_with("SMART prefailure: ")) {
        message.kind = SmartdKind::failed;
        return true;
    }
    if (const size_t at = text.find("ritical Warning (0x"); at != text.npos) {
        std::string_view digits = text.substr(at + 19);
        const auto bits = take_number<uint64_t>(digits, 16);
        message.kind = SmartdKind::critical_warning;
        message.value = bits.value_or(0) & 0xff;
        return bits.has_value();
    }
    if (text.starts_with("Self-Test Log error count increased") ||
        text.starts_with("new Self-Test Log error") ||
        text.starts_with("previous self-test completed with error")) {
        message.kind = SmartdKind::self_test_failed;
        return true;
    }
    if (text.starts_with("Temperature ") && contains(text, "reached critical limit")) {
        std::string_view rest = text.substr(12);
        const auto celsius = take_number<uint64_t>(rest);
        message.kind = SmartdKind::temperature;
        message.value = celsius.value_or(0);
        return celsius && *celsius < 200;
    }
    if (text.starts_with("failed to read SMART") || text.starts_with("failed to read NVMe SMART") ||
        text.starts_with("unable to open ") || text.starts_with("Read SMART Self") ||
        text.starts_with("Read SMART Err") || text.starts_with("Read Self-test Log failed") ||
        (text.starts_with("open() ") && contains(text, "failed"))) {
        message.kind = SmartdKind::not_answering;
        return true;
    }
    return false;
}

}  // namespace

std::optional<SmartdMessage> parse_smartd_message(std::string_view message) {
    constexpr std::string_view mark = "Device: ";
    if (!message.starts_with(mark)) return std::nullopt;
    return parse_smartd_device(message.substr(mark.size()));
}

std::optional<SmartdMessage> parse_smartd_device(std::string_view message) {
    const size_t comma = message.find(", ");
    if (comma == message.npos || comma > 128) return std::nullopt;
    SmartdMessage found;
    found.device = device_name(message.substr(0, comma));
    const std::string_view text = trim(message.substr(comma + 2));
    if (found.device.empty()) return std::nullopt;
    if (read_sectors(text, found) || read_attribute(text, found) || read_state(text, found) ||
        read_growth(text, found) || read_identity(text, found))
        return found;
    return std::nullopt;
}

}  // namespace lastgood
