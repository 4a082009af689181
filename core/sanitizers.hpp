// Which sanitizers this program is built with.
#pragma once

namespace lastgood {

#if defined(__SANITIZE_ADDRESS__)  // of g++; clang has __has_feature
inline constexpr bool has_address_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool has_address_sanitizer = true;
#else
inline constexpr bool has_address_sanitizer = false;
#endif
#else
inline constexpr bool has_address_sanitizer = false;
#endif

#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
inline constexpr bool has_sanitizers = true;
#else
inline constexpr bool has_sanitizers = has_address_sanitizer;
#endif
#else
inline constexpr bool has_sanitizers = has_address_sanitizer;  // g++ does not tell of others
#endif

}  // namespace lastgood
