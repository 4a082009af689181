// Chooses singular or plural for a number.
#pragma once

#include <fmt/core.h>

#include <concepts>
#include <string>
#include <string_view>

namespace lastgood {

// "1 sector", "2 sectors": the number is rounded to an integer.
inline std::string counted(double number, std::string_view one, std::string_view many) {
    const std::string text = fmt::format("{:.0f}", number);
    return fmt::format("{} {}", text, text == "1" ? one : many);
}

inline std::string counted(std::integral auto number, std::string_view one, std::string_view many) {
    return counted(static_cast<double>(number), one, many);
}

}  // namespace lastgood
