#include "exporters/status/text.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/print.hpp"

using namespace lastgood;

TEST_CASE("every colour passes what writes to a terminal") {
    using enum Colour;
    for (const Colour one : {none, red, yellow, green, magenta, bold}) {
        const std::string text = coloured("CRITICAL", one, true);
        CHECK(printable(text, true) == text);
        CHECK(printable(text, false).starts_with("\033") == false);
    }
}

TEST_CASE("text is wrapped at spaces, and its own gaps stay") {
    CHECK(wrap("one two  three", 7) == std::vector<std::string>{"one two", "three"});
    CHECK(wrap("a  b", 7) == std::vector<std::string>{"a  b"});
    CHECK(wrap("one two three", 7, 2) == std::vector<std::string>{"one two", "  three"});
    CHECK(wrap("", 7) == std::vector<std::string>{""});
    CHECK(wrap("unbreakable x", 4) == std::vector<std::string>{"unbreakable", "x"});
}

TEST_CASE("short ages have one unit") {
    CHECK(short_age(0) == "0 s");
    CHECK(short_age(-0.5) == "0 s");
    CHECK(short_age(119.9) == "119 s");
    CHECK(short_age(120) == "2 min");
    CHECK(short_age(7199) == "119 min");
    CHECK(short_age(7200) == "2 h");
    CHECK(short_age(47 * 3600.0) == "47 h");
    CHECK(short_age(48 * 3600.0) == "2 d");
    CHECK(short_age(912 * 86400.0) == "912 d");
    CHECK(short_age(3.2 * 365.25 * 86400) == "3.2 y");
    CHECK(short_age(-7200) == "in 2 h");
    CHECK(short_age(NAN) == "?");
}

TEST_CASE("tables are aligned, and no text of them is cut") {
    const std::vector<std::vector<Cell>> rows{
        {{"NAME", Colour::bold}, {"name"}, {""}, {"model"}, {"n", Colour::none, true}},
        {{"a"}, {"sda"}, {""}, {"a long model name"}, {"10", Colour::none, true}}};
    const std::vector<FitStep> steps{{4, Fit::drop}, {3, Fit::below}};
    const auto at = [&](size_t width) {
        return format_table(rows, {.width = width, .steps = steps});
    };
    using Lines = std::vector<std::string>;
    CHECK(at(80) ==
          Lines{"NAME  name  model               n", "a     sda   a long model name  10"});
    CHECK(at(33) == at(80));
    CHECK(at(32) == Lines{"NAME  name  model", "a     sda   a long model name"});
    CHECK(at(28) == Lines{"NAME  name", "a     sda", "      model a long model", "      name"});
    CHECK(format_table({}, {}).empty());
}

TEST_CASE("a name that is much longer than the others gets a line of its own") {
    const std::string name = "/srv/" + std::string(40, 'x');
    const std::vector<std::vector<Cell>> rows{
        {{"STATE"}, {"mount"}, {"used"}}, {{"fine"}, {"/"}, {"12%"}}, {{"fine"}, {name}, {"3%"}}};
    using Lines = std::vector<std::string>;
    const Lines start{"STATE  mount  used", "fine   /      12%"};
    CHECK(format_table(rows, {.width = 55}) ==
          Lines{start[0], start[1], "fine   " + name, "              3%"});
    CHECK(format_table(rows, {.width = 50}) ==
          Lines{start[0], start[1], "fine", "  " + name, "              3%"});
}

TEST_CASE("a screen that is too high shows its top and counts the rest") {
    CHECK(top_of("a\nb\nc\n", 80, 4) == "a\nb\nc\n");
    CHECK(top_of("a\nb\nc\nd\n", 80, 4) == "a\nb\n... 2 more lines: lastgood status\n");
    // The terminal breaks a wide line, but escape sequences take no room.
    CHECK(top_of("12345678\nb\nc\n", 4, 4) == "12345678\n... 2 more lines: lastgood status\n");
    CHECK(top_of("\033[1;31m1234\033[0m\nb\nc\n", 4, 4) == "\033[1;31m1234\033[0m\nb\nc\n");
    CHECK(top_of("", 80, 24) == "");
}
