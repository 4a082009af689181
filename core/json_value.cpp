#include "core/json_value.hpp"

#include <cmath>

namespace lastgood {

namespace {

// Whether reading the text takes a bounded multiple of its memory: an empty array of two bytes
// becomes some 50.
bool is_bounded(std::string_view text) {
    constexpr size_t most_values = 250'000;
    constexpr int deepest = 64;
    size_t values = 1;
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') ++i;
        if (in_string) continue;
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (c == '[' || c == '{' || c == ',') ++values;
        if (depth > deepest || values > most_values) return false;
    }
    return true;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
    if (!is_bounded(text)) return nlohmann::json::value_t::discarded;
    return nlohmann::json::parse(text, nullptr, false);
}

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
