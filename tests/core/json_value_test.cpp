#include "core/json_value.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("JSON that takes much more memory than its text is not read") {
    const auto nested = [](size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(parse_json(nested(64)).is_array());
    CHECK(parse_json(nested(65)).is_discarded());
    CHECK(parse_json(std::string(16 << 20, '[')).is_discarded());
    std::string list = "[0";
    for (int i = 0; i < 249'000; ++i) list += ",0";
    CHECK(parse_json(list + "]").size() == 249'001);
    for (int i = 0; i < 2000; ++i) list += ",0";
    CHECK(parse_json(list + "]").is_discarded());
    // In a string they are letters.
    CHECK(parse_json("{\"" + std::string(1000, '[') + "\\\\\": 1}").size() == 1);
    CHECK(parse_json("[\"\\\"[\", \"" + std::string(300'000, ',') + "\"]").size() == 2);
    CHECK(parse_json("{").is_discarded());
    CHECK(parse_json("").is_discarded());
}
