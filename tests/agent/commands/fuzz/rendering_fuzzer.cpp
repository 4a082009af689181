// A report with anything in it, and everything that renders a report.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/agent/commands/renderings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood::test;
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const std::string wrong = complaint_about_renderings(report_from(bytes));
    if (wrong.empty()) return 0;
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
}
