#include "collectors/smart/parse/nvme_pages.hpp"

#include "collectors/smart/parse/plausible.hpp"

namespace lastgood {
namespace {

unsigned byte(std::string_view page, size_t offset) {
    return static_cast<unsigned char>(page[offset]);
}

// A little-endian number of up to 128 bits, rounded to a double.
double number(std::string_view page, size_t offset, size_t length) {
    double value = 0;
    for (size_t i = length; i-- > 0;) value = value * 256 + byte(page, offset + i);
    return value;
}

}  // namespace

Result<DriveHealth> parse_nvme_smart_page(std::string_view page) {
    if (page.size() < 512) return fail(ErrorKind::malformed, "the NVMe SMART log is truncated");
    DriveHealth health;
    health.protocol = DriveProtocol::nvme;
    health.rotational = false;
    health.critical_warning = byte(page, 0);
    // NVMe drives give no other verdict.
    health.passed = *health.critical_warning == 0;
    const double kelvin = number(page, 1, 2);
    if (kelvin > 0) health.temperature_celsius = plausible_temperature(kelvin - 273);
    health.available_spare_ratio = byte(page, 3) / 100.0;
    health.available_spare_threshold_ratio = byte(page, 4) / 100.0;
    health.used_endurance_ratio = byte(page, 5) / 100.0;
    health.power_on_seconds = plausible_power_on_seconds(number(page, 128, 16));
    health.media_errors = number(page, 160, 16);
    health.error_log_entries = number(page, 176, 16);
    return health;
}

Result<std::vector<SelfTest>> parse_nvme_self_test_page(std::string_view page) {
    constexpr size_t header = 4, size = 28, most = 20;
    if (page.size() < header + most * size) {
        return fail(ErrorKind::malformed, "the NVMe self-test log is truncated");
    }
    std::vector<SelfTest> tests;
    for (size_t i = 0; i < most; ++i) {
        const size_t offset = header + i * size;
        const unsigned result = byte(page, offset) & 15;
        const unsigned code = byte(page, offset) >> 4;
        if (result == 15) continue;  // unused entry
        SelfTest test;
        if (code == 1) test.kind = SelfTestKind::brief;
        if (code == 2) test.kind = SelfTestKind::extended;
        if (result == 0) test.outcome = SelfTestOutcome::passed;
        if (result >= 5 && result <= 7) test.outcome = SelfTestOutcome::failed;
        test.at_hours = number(page, offset + 4, 8);
        tests.push_back(test);
    }
    return tests;
}

}  // namespace lastgood
