// Numbers in files of /proc and /sys: the kernel's are of 64 bits and never "nan" or "inf", which
// std::from_chars reads, too. Pure.
#pragma once

#include <cmath>
#include <optional>
#include <string_view>

#include "core/text.hpp"

namespace lastgood {

inline constexpr double most_kernel_number = 18446744073709551616.0;  // 2^64

// As take_number(), parse_number(); nullopt also for what no kernel writes.
inline std::optional<double> take_kernel_number(std::string_view& text) {
    std::string_view rest = text;
    const auto value = take_number<double>(rest);
    if (!value || !(std::abs(*value) <= most_kernel_number)) return std::nullopt;
    text = rest;
    return value;
}
inline std::optional<double> parse_kernel_number(std::string_view text) {
    const auto value = take_kernel_number(text);
    return text.empty() ? value : std::nullopt;
}

}  // namespace lastgood
