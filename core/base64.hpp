// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

// What `text` stands for; the "=" at its end may be missing. nullopt: it has another character, a
// blank too. Pure.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace lastgood
