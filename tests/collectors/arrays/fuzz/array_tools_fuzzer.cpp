#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/arrays/parse/btrfs_scrub_file.hpp"
#include "collectors/arrays/parse/btrfs_text.hpp"
#include "collectors/arrays/parse/mdadm_text.hpp"
#include "collectors/arrays/parse/unraid.hpp"
#include "collectors/arrays/redundancy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& arrays :
         {lastgood::parse_mdadm_detail(text), lastgood::parse_mdadm_examine(text)})
        for (const lastgood::MdArray& array : arrays) {
            const lastgood::Redundancy redundancy = lastgood::md_redundancy(array);
            if (redundancy.failed && redundancy.survivable_failures != 0) std::abort();
            for (const lastgood::MdMember& member : array.members)
                if (member.slot && static_cast<size_t>(*member.slot) >= array.slots.size())
                    std::abort();
        }
    lastgood::parse_unraid(text);
    lastgood::parse_btrfs_device_stats(text);
    lastgood::parse_btrfs_scrub_status(text);
    lastgood::btrfs_scrub_end(text, 2);
    return 0;
}
