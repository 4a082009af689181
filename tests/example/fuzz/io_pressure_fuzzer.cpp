#include <cstddef>
#include <cstdint>

#include "tests/example/parse/io_pressure.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto ratio = lastgood::parse_io_pressure({reinterpret_cast<const char*>(data), size});
    if (ratio && !(*ratio >= 0 && *ratio <= 1)) __builtin_trap();
    return 0;
}
