// Values of a JSON object that another program may have written, or damaged. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

// The text as JSON. Discarded if it is none, if it nests deeper than 64, or if it has more than
// 250,000 values: a few hundred bytes of it may stand for gigabytes of memory.
nlohmann::json parse_json(std::string_view text);

// null if the key is missing or `object` is no object.
const nlohmann::json& value_in(const nlohmann::json& object, const char* key);

// Empty, nullopt and `otherwise` if the key is missing or has another type; a number is finite.
std::string text_in(const nlohmann::json& object, const char* key);
std::optional<double> number_in(const nlohmann::json& object, const char* key);
bool flag_in(const nlohmann::json& object, const char* key, bool otherwise = false);

}  // namespace lastgood
