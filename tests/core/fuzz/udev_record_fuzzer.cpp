#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/udev_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const lastgood::UdevRecord record =
        lastgood::parse_udev_record({reinterpret_cast<const char*>(data), size});
    for (const auto& [name, value] : record.properties)
        if (record.property(name) != value || name.find('\n') != name.npos ||
            value.find('\n') != value.npos)
            std::abort();
    return 0;
}
