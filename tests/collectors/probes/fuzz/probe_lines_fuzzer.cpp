#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/probes/lines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr lastgood::Timestamp now = 1.8e9;
    const auto lines =
        lastgood::parse_probe_lines({reinterpret_cast<const char*>(data), size}, {"srv"}, now);
    for (const auto& [name, observations] : lines)
        for (const auto& one : observations)
            if (name != "srv" || one.observed_at > now) std::abort();
    return 0;
}
