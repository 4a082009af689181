// A configuration that is printed and read again is the same: children of the agent read what it
// printed.
#include <doctest/doctest.h>

#include "agent/config_file.hpp"
#include "core/text.hpp"
#include "tests/agent/config/random_config.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

TEST_CASE("a random configuration is printed, read and printed without a change") {
    std::mt19937_64 random(20261126);
    for (int i = 0; i < 2000; ++i) {
        const Config config = test::random_config(random);
        const std::string text = to_toml(config);
        const auto again = parse_config(text, "printed");
        CAPTURE(i);
        REQUIRE_MESSAGE(again.has_value(), again.error().message << "\n" << text);
        REQUIRE_MESSAGE(test::is_same(config, *again), text << "\n" << to_toml(*again));
        REQUIRE(to_toml(*again) == text);
    }
}

TEST_CASE("the date of an acceptance is that of the local time in every zone") {
    for (const char* zone : {"Asia/Tokyo", "America/Los_Angeles", "UTC"}) {
        const test::TimeZone there(zone);
        const auto config = parse_config(
            "[[accept]]\nrule = \"array_gone\"\nuntil = 2011-03-01\nreason = \"x\"\n", "x");
        REQUIRE(config.has_value());
        CHECK(contains(to_toml(*config), "until = \"2011-03-01\""));
    }
}

TEST_CASE("durations and sizes are printed in the units that people use, if that is exact") {
    const auto printed = [](const std::string& value, const std::string& key) {
        const auto config =
            parse_config("[[backup]]\nname = \"b\"\nfiles = \"/b/*\"\n" + key + " = " + value, "x");
        REQUIRE(config.has_value());
        const std::string text = to_toml(*config);
        const size_t at = text.find("\n" + key + " = ") + key.size() + 4;
        return text.substr(at, text.find('\n', at) - at);
    };
    CHECK(printed("\"604800s\"", "max_age") == "\"7 days\"");
    CHECK(printed("\"26h\"", "max_age") == "\"26 h\"");
    CHECK(printed("\"1y\"", "max_age") == "\"365 d 6 h\"");
    CHECK(printed("\"90s\"", "max_age") == "\"1 min 30 s\"");
    CHECK(printed("\"1d 2h 3min 4.5s\"", "max_age") == "\"1 d 2 h 3 min 4.5 s\"");
    CHECK(printed("\"500ms\"", "max_age") == "\"500 ms\"");
    CHECK(printed("\"1234us\"", "settle_time") == "\"1234 us\"");
    CHECK(printed("\"1GiB\"", "min_size") == "\"1 GiB\"");
    CHECK(printed("1536", "min_size") == "1536");
    CHECK(printed("1048576", "min_size") == "\"1 MiB\"");
    CHECK(printed("\"0.7B\"", "min_size") == "1");
}
