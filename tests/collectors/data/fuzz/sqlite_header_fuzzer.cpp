#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/data/parse/sqlite_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    (void)lastgood::sqlite_size({reinterpret_cast<const char*>(data), size});
    return 0;
}
