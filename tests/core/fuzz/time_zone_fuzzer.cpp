#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/calendar.hpp"

// A zone never keeps a calendar from finding an end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto zone = lastgood::TimeZone::parse({reinterpret_cast<const char*>(data), size});
    if (!zone) return 0;
    static const auto daily = lastgood::Calendar::parse("30 2 * * *").value();
    for (const double time : {0.0, 1774738800.0, 4e9}) {
        const auto next = daily.next_after(time, *zone);
        if (next && *next <= time) __builtin_trap();
        const auto last = daily.last_until(time, *zone);
        if (last && *last > time) __builtin_trap();
    }
    return 0;
}
