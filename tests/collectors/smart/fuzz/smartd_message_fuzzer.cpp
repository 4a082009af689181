#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/smart/parse/smartd_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto message =
        lastgood::parse_smartd_message({reinterpret_cast<const char*>(data), size});
    if (message && message->device.empty()) std::abort();
    return 0;
}
