#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/report.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    auto report = parse_report({reinterpret_cast<const char*>(data), size});
    if (!report) return 0;
    const std::string printed = to_json(*report);
    const auto again = parse_report(printed);
    if (!again || again->observations.size() != report->observations.size() ||
        again->findings.size() != report->findings.size())
        std::abort();
    return 0;
}
