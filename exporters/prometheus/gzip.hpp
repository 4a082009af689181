// Packs texts for clients that accept gzip (RFC 1952), by zlib.
#pragma once

#include <string>
#include <string_view>

namespace lastgood {

// "" if there is not enough memory. Pure.
std::string gzip(std::string_view text);

}  // namespace lastgood
