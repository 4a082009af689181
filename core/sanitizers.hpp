// Which sanitizers this program is built with.
#pragma once

#ifndef __has_feature  // older than g++ 14
#define __has_feature(name) 0
#endif

namespace lastgood {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
inline constexpr bool has_address_sanitizer = true;
#else
inline constexpr bool has_address_sanitizer = false;
#endif

#if __has_feature(undefined_behavior_sanitizer)  // g++ 12 does not tell
inline constexpr bool has_sanitizers = true;
#else
inline constexpr bool has_sanitizers = has_address_sanitizer;
#endif

}  // namespace lastgood
