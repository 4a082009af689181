// The header of an SQLite database ("Database File Format", section 1.3). Pure.
#pragma once

#include <optional>
#include <string_view>

namespace lastgood {

inline constexpr size_t sqlite_header_size = 100;

// Bytes that the database has by its header; 0 if the header does not say. nullopt: the text does
// not begin like an SQLite database.
std::optional<double> sqlite_size(std::string_view header);

}  // namespace lastgood
