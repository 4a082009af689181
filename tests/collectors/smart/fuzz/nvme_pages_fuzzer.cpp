#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/smart/parse/nvme_pages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view page(reinterpret_cast<const char*>(data), size);
    if (auto health = lastgood::parse_nvme_smart_page(page)) {
        if (auto tests = lastgood::parse_nvme_self_test_page(page)) health->self_tests = *tests;
        lastgood::MemorySink sink;
        lastgood::observe_drive_health(*health, "drive", "libnvme", 1.7e9, sink);
        for (const lastgood::Observation& one : sink.observations) {
            if (!std::isfinite(one.value)) std::abort();
        }
    }
    return 0;
}
