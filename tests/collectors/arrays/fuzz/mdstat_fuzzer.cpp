#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/arrays/parse/mdstat.hpp"
#include "collectors/arrays/redundancy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const lastgood::Mdstat stat =
        lastgood::parse_mdstat({reinterpret_cast<const char*>(data), size});
    for (const lastgood::MdArray& array : stat.arrays) {
        const lastgood::Redundancy redundancy = lastgood::md_redundancy(array);
        if (redundancy.failed && redundancy.survivable_failures != 0) std::abort();
        if (array.progress && (*array.progress < 0 || *array.progress > 1)) std::abort();
        for (const lastgood::MdMember& member : array.members)
            if (member.slot && static_cast<size_t>(*member.slot) >= array.slots.size())
                std::abort();
    }
    return 0;
}
