#include "core/json_value.hpp"

#include <cmath>

namespace lastgood {

const nlohmann::json& value_in(const nlohmann::json& object, const char* key) {
    static const nlohmann::json none;
    if (!object.is_object()) return none;
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
}

std::string text_in(const nlohmann::json& object, const char* key) {
    const auto& value = value_in(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<double> number_in(const nlohmann::json& object, const char* key) {
    const auto& value = value_in(object, key);
    if (!value.is_number()) return std::nullopt;
    const auto number = value.get<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

bool flag_in(const nlohmann::json& object, const char* key, bool otherwise) {
    const auto& value = value_in(object, key);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}

}  // namespace lastgood
