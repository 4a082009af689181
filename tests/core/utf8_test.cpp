#include "core/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lastgood;

TEST_CASE("harmless makes foreign text safe to print") {
    CHECK(harmless("ST4000NM0035-1V4107") == "ST4000NM0035-1V4107");
    CHECK(harmless("a\tb\nc\rd") == "a b c d");
    CHECK(harmless("\033[2J") == "?[2J");
    CHECK(harmless(std::string("a\0b", 3)) == "a?b");
    CHECK(harmless("M\u00fcller \u30d0") == "M\u00fcller \u30d0");
    CHECK(harmless("\xc2\x9b"
                   "31m") == "?31m");                    // C1: CSI
    CHECK(harmless("\u202egpj.exe") == "?gpj.exe");      // reverses the direction of text
    CHECK(harmless("\xff\xc0\xaf\xe2\x82") == "?????");  // invalid, overlong, truncated
    CHECK(harmless("\xed\xa0\x80") == "???");            // half of a surrogate pair
}

TEST_CASE("a word for a shell is quoted if it has to be") {
    CHECK(in_shell("/etc/lastgood-2/a_b.toml") == "/etc/lastgood-2/a_b.toml");
    CHECK(in_shell("/my files/$HOME") == "'/my files/$HOME'");
    CHECK(in_shell("it's") == "'it'\\''s'");
    CHECK(in_shell("") == "''");
    CHECK(in_shell("a\x1b[31m") == "'a?[31m'");
}

TEST_CASE("display_width counts terminal columns") {
    CHECK(display_width("abc") == 3);
    CHECK(display_width("M\u00fcl") == 3);
    CHECK(display_width("\u30d0\u30c3") == 4);
    CHECK(display_width("e\u0301") == 1);
}

TEST_CASE("valid UTF-8 is told from what is not") {
    for (const char* text : {"", "abc", "ü", "…", "\xf0\x9f\x92\xbe"}) CHECK(is_utf8(text));
    for (const char* text :
         {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xe0\x80\x80", "\x80", "\xf4\x90\x80\x80"})
        CHECK(!is_utf8(text));
}
