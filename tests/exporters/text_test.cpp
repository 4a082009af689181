#include "exporters/text.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace lastgood;

TEST_CASE("foreign text is made harmless") {
    CHECK(harmless("ST4000NM0035-1V4107") == "ST4000NM0035-1V4107");
    CHECK(harmless("a\tb\nc\rd") == "a b c d");
    CHECK(harmless("\033[2J") == "?[2J");
    CHECK(harmless(std::string("a\0b", 3)) == "a?b");
    CHECK(harmless("M\u00fcller \u30d0") == "M\u00fcller \u30d0");
    CHECK(harmless("\xc2\x9b"
                   "31m") == "?31m");                    // C1: CSI
    CHECK(harmless("\u202egpj.exe") == "?gpj.exe");      // turns the direction of what follows
    CHECK(harmless("\xff\xc0\xaf\xe2\x82") == "?????");  // no UTF-8, overlong, cut short
    CHECK(harmless("\xed\xa0\x80") == "???");            // half a surrogate pair
}

TEST_CASE("width, cutting, wrapping") {
    CHECK(display_width("abc") == 3);
    CHECK(display_width("M\u00fcl") == 3);
    CHECK(display_width("\u30d0\u30c3") == 4);
    CHECK(display_width("e\u0301") == 1);
    CHECK(truncate("abcdef", 6) == "abcdef");
    CHECK(truncate("abcdef", 5) == "abc..");
    CHECK(truncate("\u30d0\u30c3\u30af", 5) == "\u30d0..");
    CHECK(truncate("abc", 1) == "a");
    CHECK(truncate("abc", 0) == "");
    CHECK(wrap("one two  three", 7) == std::vector<std::string>{"one two", "three"});
    CHECK(wrap("", 7) == std::vector<std::string>{""});
    CHECK(wrap("unbreakable x", 4) == std::vector<std::string>{"unbreakable", "x"});
}

TEST_CASE("short ages") {
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

TEST_CASE("tables") {
    const std::vector<std::vector<Cell>> rows{
        {{"NAME", Colour::bold}, {"model"}, {""}, {"n", Colour::none, true}},
        {{"a"}, {"a long model name"}, {""}, {"10", Colour::none, true}}};
    CHECK(format_table(rows, 80, {1}, false) ==
          std::vector<std::string>{"NAME  model               n", "a     a long model name  10"});
    CHECK(format_table(rows, 18, {1}, false) ==
          std::vector<std::string>{"NAME  model      n", "a     a long..  10"});
    CHECK(format_table({}, 80, {}, false).empty());
}
