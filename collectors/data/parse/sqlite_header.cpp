#include "collectors/data/parse/sqlite_header.hpp"

#include <cstdint>

namespace lastgood {

namespace {

constexpr std::string_view magic("SQLite format 3\0", 16);

uint32_t big_endian(std::string_view bytes) {
    uint32_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
}

}  // namespace

std::optional<double> sqlite_size(std::string_view header) {
    if (header.size() < sqlite_header_size || !header.starts_with(magic)) return std::nullopt;
    uint32_t page = big_endian(header.substr(16, 2));
    if (page == 1) page = 65536;
    if (page < 512 || (page & (page - 1)) != 0) return std::nullopt;
    return static_cast<double>(page) * big_endian(header.substr(28, 4));
}

}  // namespace lastgood
