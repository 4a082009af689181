#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/zfs/parse/zed_message.hpp"
#include "collectors/zfs/parse/zpool_status.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto message = lastgood::parse_zed_message(text);
    if (message && message->device.size() > size) std::abort();
    for (const lastgood::ZpoolStatus& pool : lastgood::parse_zpool_status(text))
        if (pool.pool.empty()) std::abort();
    return 0;
}
