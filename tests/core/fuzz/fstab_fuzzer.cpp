#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/fstab.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto entries = lastgood::parse_fstab({reinterpret_cast<const char*>(data), size});
    for (const lastgood::FstabEntry& entry : entries) {
        if (lastgood::find_fstab_entry(entries, entry.point) == nullptr) __builtin_trap();
        (void)entry.read_only();
    }
    return 0;
}
