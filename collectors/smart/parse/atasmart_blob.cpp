#include "collectors/smart/parse/atasmart_blob.hpp"

#include <fmt/core.h>

#include <array>
#include <string>

#include "core/text.hpp"

namespace lastgood {
namespace {

constexpr size_t page_size = 512;

unsigned byte(std::string_view page, size_t offset) {
    return static_cast<unsigned char>(page[offset]);
}

unsigned word(std::string_view page, size_t offset) {
    return byte(page, offset) | (byte(page, offset + 1) << 8);
}

uint64_t little_endian(std::string_view page, size_t offset, size_t length) {
    uint64_t value = 0;
    for (size_t i = length; i-- > 0;) value = (value << 8) | byte(page, offset + i);
    return value;
}

uint32_t big_endian(std::string_view bytes, size_t offset) {
    return (byte(bytes, offset) << 24) | (byte(bytes, offset + 1) << 16) |
           (byte(bytes, offset + 2) << 8) | byte(bytes, offset + 3);
}

bool checksum_holds(std::string_view page) {
    unsigned sum = 0;
    for (size_t i = 0; i < page.size(); ++i) sum += byte(page, i);
    return (sum & 0xff) == 0;
}

// ATA strings are padded with blanks; the two characters of each word are swapped.
std::string ata_string(std::string_view page, size_t first_word, size_t words) {
    std::string text;
    for (size_t i = first_word; i < first_word + words; ++i) {
        text += page[2 * i + 1];
        text += page[2 * i];
    }
    std::erase(text, '\0');
    return std::string(trim(text, " "));
}

// ACS-3, table 45: IDENTIFY DEVICE data.
void read_identify(std::string_view page, DriveHealth& health) {
    const auto identify = [page](size_t index) { return word(page, 2 * index); };
    health.serial = ata_string(page, 10, 10);
    health.firmware = ata_string(page, 23, 4);
    health.model = ata_string(page, 27, 20);
    if ((identify(87) & 0xc100) == 0x4100 && (identify(108) >> 12) == 5) {
        health.wwn = fmt::format("0x{:04x}{:04x}{:04x}{:04x}", identify(108), identify(109),
                                 identify(110), identify(111));
    }
    const unsigned rate = identify(217);
    if (rate == 1) health.rotational = false;
    if (rate >= 0x401 && rate <= 0xfffe) health.rotational = true;
    const bool long_addresses = (identify(83) & 0xc400) == 0x4400;
    const uint64_t sectors =
        long_addresses ? little_endian(page, 200, 8) : little_endian(page, 120, 4);
    double sector_size = 512;
    if ((identify(106) & 0xd000) == 0x5000) {  // logical sector size in words is valid
        sector_size = 2.0 * static_cast<double>(little_endian(page, 234, 4));
    }
    if (sectors > 0 && sectors < (1ULL << 48) && sector_size >= 512) {
        health.capacity_bytes = static_cast<double>(sectors) * sector_size;
    }
}

void read_smart_data(std::string_view page, DriveHealth& health) {
    constexpr size_t slots = 30, slot_size = 12;
    for (size_t slot = 0; slot < slots; ++slot) {
        const size_t offset = 2 + slot * slot_size;
        AtaAttribute attribute;
        attribute.id = static_cast<int>(byte(page, offset));
        if (attribute.id == 0) continue;
        const unsigned flags = word(page, offset + 1);
        attribute.prefail = (flags & 1) != 0;
        attribute.error_rate = (flags & 8) != 0;
        attribute.event_count = (flags & 16) != 0;
        const auto normalized = static_cast<int>(byte(page, offset + 3));
        const auto worst = static_cast<int>(byte(page, offset + 4));
        if (normalized >= 1 && normalized <= 253) attribute.normalized = normalized;
        if (worst >= 1 && worst <= 253) attribute.worst = worst;
        attribute.raw = little_endian(page, offset + 5, 6);
        health.attributes.push_back(std::move(attribute));
    }
    // Result of the newest self-test. 0 may also mean that none was ever run.
    const unsigned outcome = byte(page, 363) >> 4;
    if (outcome >= 3 && outcome <= 8) {
        health.self_tests.push_back({SelfTestKind::other, SelfTestOutcome::failed, std::nullopt});
    }
}

void read_thresholds(std::string_view page, DriveHealth& health) {
    for (size_t slot = 0; slot < 30; ++slot) {
        const size_t offset = 2 + slot * 12;
        const auto id = static_cast<int>(byte(page, offset));
        if (id == 0) continue;
        for (AtaAttribute& attribute : health.attributes) {
            if (attribute.id == id) attribute.threshold = static_cast<int>(byte(page, offset + 1));
        }
    }
}

bool is_tag(std::string_view tag) {
    return tag == "IDFY" || tag == "SMST" || tag == "SMDT" || tag == "SMTH";
}

}  // namespace

bool looks_like_atasmart_blob(std::string_view bytes) {
    return bytes.size() >= 12 && is_tag(bytes.substr(0, 4)) && big_endian(bytes, 4) <= page_size;
}

Result<DriveHealth> parse_atasmart_blob(std::string_view bytes) {
    if (!looks_like_atasmart_blob(bytes)) {
        return fail(ErrorKind::malformed, "not a libatasmart blob: no IDFY, SMST, SMDT or SMTH");
    }
    DriveHealth health;
    health.protocol = DriveProtocol::ata;
    std::string_view thresholds;
    while (!bytes.empty()) {
        if (bytes.size() < 8) {
            return fail(ErrorKind::malformed, "the libatasmart blob is truncated");
        }
        const std::string_view tag = bytes.substr(0, 4);
        const uint32_t length = big_endian(bytes, 4);
        bytes.remove_prefix(8);
        if (length > bytes.size()) {
            return fail(ErrorKind::malformed, "the libatasmart blob is truncated");
        }
        const std::string_view data = bytes.substr(0, length);
        bytes.remove_prefix(length);
        if (tag == "SMST" && length == 4) {
            health.passed = big_endian(data, 0) != 0;
        } else if (is_tag(tag) && length != page_size) {
            return fail(ErrorKind::malformed,
                        fmt::format("the libatasmart blob's {} has {} bytes, not {}", tag, length,
                                    page_size));
        } else if (tag == "IDFY") {
            read_identify(data, health);
        } else if (tag == "SMDT" && health.attributes.empty()) {
            read_smart_data(data, health);
        } else if (tag == "SMTH") {
            thresholds = data;
        }
    }
    if (!thresholds.empty()) read_thresholds(thresholds, health);
    return health;
}

Result<std::vector<SelfTest>> parse_ata_self_test_log(std::string_view page) {
    if (page.size() != page_size || !checksum_holds(page)) {
        return fail(ErrorKind::malformed,
                    "the drive's self-test log has a wrong length or checksum");
    }
    // ACS-3, table A.20: a ring of 21 descriptors of 24 bytes from byte 2; byte 508 is the number
    // of the newest one, from 1.
    constexpr size_t slots = 21;
    std::vector<SelfTest> tests;
    const size_t newest = byte(page, 508);
    if (newest == 0 || newest > slots) return tests;
    for (size_t i = 0; i < slots; ++i) {
        const size_t offset = 2 + ((newest - 1 + slots - i) % slots) * 24;
        const unsigned subcommand = byte(page, offset) & 0x7f;
        const unsigned status = byte(page, offset + 1) >> 4;
        const unsigned hours = word(page, offset + 2);
        if (byte(page, offset) == 0 && byte(page, offset + 1) == 0 && hours == 0) continue;
        // 0 is an off-line data collection; values above 4 are vendor specific.
        if (subcommand == 0 || subcommand > 4) continue;
        SelfTest test;
        if (subcommand == 1) test.kind = SelfTestKind::brief;
        if (subcommand == 2) test.kind = SelfTestKind::extended;
        if (status == 0) test.outcome = SelfTestOutcome::passed;
        if (status >= 3 && status <= 8) test.outcome = SelfTestOutcome::failed;
        test.at_hours = static_cast<double>(hours);
        tests.push_back(test);
    }
    return tests;
}

Result<double> parse_ata_error_log(std::string_view page) {
    if (page.size() != page_size || !checksum_holds(page)) {
        return fail(ErrorKind::malformed, "the drive's error log has a wrong length or checksum");
    }
    return static_cast<double>(word(page, 452));  // ACS-3, table A.7: device error count
}

}  // namespace lastgood
