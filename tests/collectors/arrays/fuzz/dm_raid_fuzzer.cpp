#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/arrays/parse/dm_raid.hpp"
#include "collectors/arrays/redundancy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    for (const lastgood::DmRaid& one :
         lastgood::parse_dm_raid_status({reinterpret_cast<const char*>(data), size})) {
        const lastgood::MdArray& array = one.array;
        const lastgood::Redundancy redundancy = lastgood::md_redundancy(array);
        if (redundancy.failed && redundancy.survivable_failures != 0) std::abort();
        if (array.progress && (*array.progress < 0 || *array.progress > 1)) std::abort();
        if (array.problem.empty() && array.slots.empty()) std::abort();
        for (const lastgood::MdMember& member : array.members)
            if (!member.number || static_cast<size_t>(*member.number) >= array.slots.size())
                std::abort();
    }
    return 0;
}
