#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/calendar.hpp"

// The next time and the last one contradict each other for no expression.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 4) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 4, size - 4);
    const auto calendar = lastgood::Calendar::parse(text);
    if (!calendar) return 0;
    double from = 0;
    for (size_t i = 0; i < 4; ++i) from = from * 256 + data[i];
    const auto next = calendar->next_after(from, {});
    if (!next) return 0;
    if (*next <= from || calendar->last_until(*next, {}) != next) __builtin_trap();
    const auto before = calendar->last_until(*next - 1, {});
    if (before && (*before > from || calendar->next_after(*before, {}) != next)) __builtin_trap();
    return 0;
}
