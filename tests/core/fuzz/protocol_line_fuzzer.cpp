#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/observation.hpp"

// An accepted line, printed and parsed again, stays the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const auto line = parse_protocol_line({reinterpret_cast<const char*>(data), size}, 1);
    if (!line) return 0;
    const std::string printed = to_json_line(*line);
    const auto again = parse_protocol_line(printed, 1);
    if (!again || again->kind != line->kind || again->observation != line->observation)
        std::abort();
    return 0;
}
