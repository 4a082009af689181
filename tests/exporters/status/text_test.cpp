#include "exporters/status/text.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace lastgood;

TEST_CASE("text is cut and wrapped") {
    CHECK(shorten("abcdef", 6) == "abcdef");
    CHECK(shorten("abcdef", 5) == "abc..");
    CHECK(shorten("\u30d0\u30c3\u30af", 5) == "\u30d0..");
    CHECK(shorten("abc", 1) == "a");
    CHECK(shorten("abc", 0) == "");
    CHECK(wrap("one two  three", 7) == std::vector<std::string>{"one two", "three"});
    CHECK(wrap("", 7) == std::vector<std::string>{""});
    CHECK(wrap("unbreakable x", 4) == std::vector<std::string>{"unbreakable", "x"});
}

TEST_CASE("short ages have one unit") {
    CHECK(short_age(0) == "0s");
    CHECK(short_age(-0.5) == "0s");
    CHECK(short_age(119.9) == "119s");
    CHECK(short_age(120) == "2min");
    CHECK(short_age(7199) == "119min");
    CHECK(short_age(7200) == "2h");
    CHECK(short_age(47 * 3600.0) == "47h");
    CHECK(short_age(48 * 3600.0) == "2d");
    CHECK(short_age(912 * 86400.0) == "912d");
    CHECK(short_age(3.2 * 365.25 * 86400) == "3.2y");
    CHECK(short_age(-7200) == "in 2h");
    CHECK(short_age(NAN) == "?");
}

TEST_CASE("tables are aligned and cut") {
    const std::vector<std::vector<Cell>> rows{
        {{"NAME", Colour::bold}, {"model"}, {""}, {"n", Colour::none, true}},
        {{"a"}, {"a long model name"}, {""}, {"10", Colour::none, true}}};
    CHECK(format_table(rows, 80, {1}, false) ==
          std::vector<std::string>{"NAME  model               n", "a     a long model name  10"});
    CHECK(format_table(rows, 18, {1}, false) ==
          std::vector<std::string>{"NAME  model      n", "a     a long..  10"});
    CHECK(format_table({}, 80, {}, false).empty());
}
