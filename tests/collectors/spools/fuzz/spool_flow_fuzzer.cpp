#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/spools/flow.hpp"

// Each look takes 8 bytes: the time that passed, what lies there, which names, how old it is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    lastgood::SpoolHistory history(180);
    double at = 0;
    for (size_t i = 0; i + 8 <= size; i += 8) {
        const uint8_t* one = data + i;
        lastgood::SpoolCount count;
        at += one[0];
        count.entries = std::ldexp(one[1], one[2] % 40);
        count.all_names = one[3] != 0;
        count.all_looked = one[3] > 1;
        for (uint64_t name = 0; name < one[4] % 70U; ++name) count.sample.push_back(name + one[5]);
        for (const uint64_t name : history.watched())
            if (name % 8 < one[6] % 9U) count.present.insert(name);
        if (one[7] != 0) count.oldest_created = count.oldest_changed = 1.8e9 + one[7];
        const auto flow = history.add(at, count);
        if (flow.growth_per_minute && !std::isfinite(*flow.growth_per_minute)) std::abort();
        if (flow.drained_per_minute && !(*flow.drained_per_minute >= 0)) std::abort();
        if (flow.empty_in && !(*flow.empty_in > 0)) std::abort();
        if (flow.still_for && !(*flow.still_for >= 0)) std::abort();
        if (history.watched().size() > 1000) std::abort();
    }
    return 0;
}
