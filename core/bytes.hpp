// Sizes in bytes. Their type is that of sizes, so that a product of them is never worked out in
// int.
#pragma once

#include <cstddef>

namespace lastgood {

inline constexpr size_t kib = 1024;
inline constexpr size_t mib = 1024 * kib;
inline constexpr size_t gib = 1024 * mib;

}  // namespace lastgood
