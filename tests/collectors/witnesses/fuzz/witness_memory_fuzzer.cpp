#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/witnesses/memory.hpp"
#include "collectors/witnesses/parse/counters.hpp"
#include "core/json_value.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& sighting :
         {ext4_sighting(text, text), xfs_sighting(text), btrfs_sighting(text)})
        if (sighting &&
            !(sighting->count >= 0 && sighting->saved >= 0 && sighting->saved <= sighting->count))
            std::abort();
    const WitnessMemory memory = parse_witness_memory(parse_json(text), 1'790'000'000);
    // What was read is what is written.
    if (to_json(parse_witness_memory(to_json(memory), 1'790'000'000)) != to_json(memory))
        std::abort();
    return 0;
}
