// libatasmart's blobs, ATA and NVMe log pages, nvme-cli's JSON.
#include <doctest/doctest.h>

#include <string>

#include "collectors/smart/parse/ata_attributes.hpp"
#include "collectors/smart/parse/atasmart_blob.hpp"
#include "collectors/smart/parse/nvme_json.hpp"
#include "collectors/smart/parse/nvme_pages.hpp"

using namespace lastgood;

namespace {

using Page = std::string;

Page empty_page(size_t size = 512) {
    return Page(size, '\0');
}

void put(Page& page, size_t offset, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        page[offset + i] = static_cast<char>((value >> (8 * i)) & 0xff);
}

void put_ata_string(Page& page, size_t word, std::string text, size_t words) {
    text.resize(2 * words, ' ');
    for (size_t i = 0; i < 2 * words; i += 2) {
        page[2 * word + i] = text[i + 1];
        page[2 * word + i + 1] = text[i];
    }
}

void put_checksum(Page& page) {
    unsigned sum = 0;
    for (size_t i = 0; i < 511; ++i) sum += static_cast<unsigned char>(page[i]);
    page[511] = static_cast<char>((256 - sum % 256) % 256);
}

std::string chunk(const std::string& tag, const std::string& data) {
    std::string length(4, '\0');
    length[2] = static_cast<char>(data.size() >> 8);
    length[3] = static_cast<char>(data.size() & 0xff);
    return tag + length + data;
}

Page identify_page() {
    constexpr size_t word = 2;  // bytes
    Page page = empty_page();
    put_ata_string(page, 10, "EX-0004", 10);
    put_ata_string(page, 23, "F4", 4);
    put_ata_string(page, 27, "EXAMPLE EX4000", 20);
    put(page, 83 * word, 0x4400, word);
    put(page, 87 * word, 0x4100, word);
    put(page, 100 * word, 7814037168, 8);
    put(page, 108 * word, 0x5000, word);
    put(page, 109 * word, 0xc500, word);
    put(page, 110 * word, 0xa1b2, word);
    put(page, 111 * word, 0xc3d4, word);
    put(page, 217 * word, 7200, word);
    return page;
}

void put_attribute(Page& data, size_t slot, unsigned id, unsigned flags, unsigned value,
                   unsigned worst, uint64_t raw) {
    const size_t offset = 2 + slot * 12;
    put(data, offset, id, 1);
    put(data, offset + 1, flags, 2);
    put(data, offset + 3, value, 1);
    put(data, offset + 4, worst, 1);
    put(data, offset + 5, raw, 6);
}

std::string blob() {
    Page data = empty_page(), thresholds = empty_page();
    put_attribute(data, 0, 5, 0x33, 8, 8, 712);
    put_attribute(data, 1, 9, 0x32, 90, 90, 4000);
    put_attribute(data, 3, 194, 0x22, 30, 50, 0x2d0011001eULL);
    put_attribute(data, 4, 197, 0x12, 254, 0, 8);
    put(thresholds, 2, 5, 1);
    put(thresholds, 3, 10, 1);
    return chunk("IDFY", identify_page()) + chunk("SMST", std::string("\0\0\0\1", 4)) +
           chunk("SMDT", data) + chunk("SMTH", thresholds);
}

}  // namespace

TEST_CASE("libatasmart blob: identity, verdict, attributes, thresholds") {
    CHECK(looks_like_atasmart_blob(blob()));
    const auto health = parse_atasmart_blob(blob());
    REQUIRE(health.has_value());
    CHECK(health->model == "EXAMPLE EX4000");
    CHECK(health->serial == "EX-0004");
    CHECK(health->firmware == "F4");
    CHECK(health->wwn == "0x5000c500a1b2c3d4");
    CHECK(health->rotational == true);
    CHECK(health->capacity_bytes == 7814037168.0 * 512);
    CHECK(health->passed == true);
    REQUIRE(health->attributes.size() == 4);
    CHECK(health->attributes[0].prefail);
    CHECK(failing_now(health->attributes[0]));
    CHECK_FALSE(health->attributes[3].normalized.has_value());  // 254 and 0 are invalid
    CHECK_FALSE(health->attributes[3].worst.has_value());
    const AtaSummary summary = summarise_attributes(*health);
    CHECK(summary.reallocated_sectors == 712);
    CHECK(summary.pending_sectors == 8);
    CHECK(summary.temperature_celsius == 30);
    CHECK(summary.power_on_seconds == 4000 * 3600.0);
}

TEST_CASE("libatasmart blob: truncated and other data is refused") {
    const std::string whole = blob();
    for (size_t size = 1; size < whole.size(); ++size) {
        const auto health = parse_atasmart_blob(std::string_view(whole).substr(0, size));
        // A blob that ends with a chunk is valid.
        const bool at_an_end = size == 520 || size == 532 || size == 1052;
        CHECK_MESSAGE(health.has_value() == at_an_end, size);
    }
    CHECK_FALSE(parse_atasmart_blob("").has_value());
    CHECK_FALSE(parse_atasmart_blob(chunk("SMDT", "short")).has_value());
    CHECK_FALSE(looks_like_atasmart_blob("IDFY and some text"));
    CHECK(parse_atasmart_blob(chunk("SMST", std::string(4, '\0')))->passed == false);
}

TEST_CASE("libatasmart blob: a failed self-test in the SMART data") {
    Page data = empty_page();
    put_attribute(data, 0, 9, 0x32, 100, 100, 1);
    for (const auto& [status, failed] :
         {std::pair{0x79U, true}, {0x00U, false}, {0x10U, false}, {0xf9U, false}}) {
        put(data, 363, status, 1);
        const auto health = parse_atasmart_blob(chunk("SMDT", data));
        REQUIRE(health.has_value());
        CHECK(self_test_failed(health->self_tests).value_or(false) == failed);
    }
}

TEST_CASE("ATA self-test log and error log") {
    Page tests = empty_page();
    const auto put_test = [&](size_t slot, unsigned kind, unsigned status, unsigned hours) {
        put(tests, 2 + slot * 24, kind, 1);
        put(tests, 3 + slot * 24, status, 1);
        put(tests, 4 + slot * 24, hours, 2);
    };
    put_test(20, 2, 0x70, 900);  // the oldest
    put_test(0, 1, 0x00, 1000);
    put_test(1, 0x81, 0x10, 1100);  // captive, aborted: the newest
    put(tests, 508, 2, 1);
    put_checksum(tests);
    const auto log = parse_ata_self_test_log(tests);
    REQUIRE(log.has_value());
    REQUIRE(log->size() == 3);
    CHECK((*log)[0].outcome == SelfTestOutcome::unfinished);
    CHECK((*log)[0].kind == SelfTestKind::brief);
    CHECK((*log)[1].at_hours == 1000);
    CHECK((*log)[2].kind == SelfTestKind::extended);
    CHECK((*log)[2].outcome == SelfTestOutcome::failed);
    Page never = empty_page();
    CHECK(parse_ata_self_test_log(never)->empty());
    tests[5] = 1;
    CHECK_FALSE(parse_ata_self_test_log(tests).has_value());
    CHECK_FALSE(parse_ata_self_test_log("").has_value());

    Page errors = empty_page();
    put(errors, 452, 3368, 2);
    put_checksum(errors);
    CHECK(*parse_ata_error_log(errors) == 3368);
    CHECK_FALSE(parse_ata_error_log(errors.substr(1)).has_value());
}

TEST_CASE("NVMe SMART log and self-test log") {
    Page page = empty_page();
    put(page, 0, 0x05, 1);
    put(page, 1, 318, 2);
    put(page, 3, 1, 1);
    put(page, 4, 10, 1);
    put(page, 5, 255, 1);
    put(page, 128, 2683, 8);
    put(page, 160, 7, 8);
    put(page, 168, 1, 8);  // 2^64
    put(page, 176, 22, 8);
    const auto health = parse_nvme_smart_page(page);
    REQUIRE(health.has_value());
    CHECK(health->critical_warning == 5U);
    CHECK(health->passed == false);
    CHECK(health->temperature_celsius == 45);
    CHECK(health->available_spare_ratio == 0.01);
    CHECK(health->available_spare_threshold_ratio == 0.1);
    CHECK(health->used_endurance_ratio == 2.55);
    CHECK(health->power_on_seconds == 2683 * 3600.0);
    CHECK(health->media_errors == doctest::Approx(18446744073709551623.0));
    CHECK(health->error_log_entries == 22);
    CHECK_FALSE(parse_nvme_smart_page(page.substr(1)).has_value());
    put(page, 1, 0, 2);
    CHECK_FALSE(parse_nvme_smart_page(page)->temperature_celsius.has_value());

    Page tests(564, '\0');
    for (size_t i = 0; i < 20; ++i) put(tests, 4 + 28 * i, 0x0f, 1);  // unused
    put(tests, 4, 0x27, 1);
    put(tests, 8, 2600, 8);
    put(tests, 32, 0x10, 1);
    put(tests, 60, 0x12, 1);
    const auto log = parse_nvme_self_test_page(tests);
    REQUIRE(log.has_value());
    REQUIRE(log->size() == 3);
    CHECK((*log)[0].kind == SelfTestKind::extended);
    CHECK((*log)[0].outcome == SelfTestOutcome::failed);
    CHECK((*log)[0].at_hours == 2600);
    CHECK((*log)[1].outcome == SelfTestOutcome::passed);
    CHECK((*log)[2].outcome == SelfTestOutcome::unfinished);
    CHECK_FALSE(parse_nvme_self_test_page(tests.substr(1)).has_value());
}

TEST_CASE("nvme-cli's JSON of all versions") {
    for (
        const char* text :
        {R"({"critical_warning": 4, "temperature": 310, "avail_spare": 99, "spare_thresh": 10, "percent_used": 3,
              "power_on_hours": 10, "media_errors": 2, "num_err_log_entries": 5})",
         R"({"critical_warning": "4", "temperature": "310", "avail_spare": "99", "spare_thresh": "10",
              "percent_used": "3", "power_on_hours": "10", "media_errors": "2", "num_err_log_entries": "5"})",
         R"({"critical_warning": {"value": 4, "reliability_degraded": 1}, "temperature": 310.0, "avail_spare": 99.0,
              "spare_thresh": 10.0, "percentage_used": 3.0, "power_on_hours": 10.0, "media_errors": 2.0,
              "num_err_log_entries": 5.0})"}) {
        const auto answer = parse_nvme_json(text);
        REQUIRE(answer.has_value());
        REQUIRE(answer->drives.size() == 1);
        const DriveHealth& health = answer->drives.front();
        CHECK(health.critical_warning == 4U);
        CHECK(health.passed == false);
        CHECK(health.temperature_celsius == 37);
        CHECK(health.available_spare_ratio == 0.99);
        CHECK(health.available_spare_threshold_ratio == 0.1);
        CHECK(health.used_endurance_ratio == 0.03);
        CHECK(health.power_on_seconds == 36000);
        CHECK(health.media_errors == 2);
        CHECK(health.error_log_entries == 5);
    }
    const auto flat =
        parse_nvme_json(R"({"Devices": [{"DevicePath": "/dev/nvme0n1", "ModelNumber": "Example ",
        "SerialNumber": "N1", "Firmware": "1", "PhysicalSize": 1000}]})");
    REQUIRE(flat.has_value());
    CHECK(flat->is_list);
    REQUIRE(flat->drives.size() == 1);
    CHECK(flat->drives[0].device == "nvme0n1");
    CHECK(flat->drives[0].model == "Example");
    const auto nested =
        parse_nvme_json(R"({"Devices": [{"HostID": "x", "Subsystems": [{"Controllers": [
        {"Controller": "nvme1", "SerialNumber": "N2", "ModelNumber": "Example", "Firmware": "1",
         "Namespaces": [{"NameSpace": "nvme1n1", "PhysicalSize": 2000}]}]}]}]})");
    REQUIRE(nested.has_value());
    REQUIRE(nested->drives.size() == 1);
    CHECK(nested->drives[0].device == "nvme1n1");
    CHECK(nested->drives[0].capacity_bytes == 2000);
    CHECK(parse_nvme_json(R"({"Devices": []})")->drives.empty());
    for (const char* text : {"", "[]", "{}", "{\"temperature\": 310}"}) {
        CHECK_FALSE(parse_nvme_json(text).has_value());
    }
}
