#include "core/print.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/utf8.hpp"

using namespace lastgood;

namespace {

// Every character that is not to reach a terminal, as UTF-8, and bytes that are no UTF-8.
std::string all_harmful() {
    std::string text = "\xff\x9b";
    for (uint32_t c = 0; c <= 0x10ffff; ++c) {
        if (!is_harmful(c) || c == '\n' || c == '\t' || (c >= 0xd800 && c <= 0xdfff)) continue;
        if (c < 0x80) {
            text += static_cast<char>(c);
            continue;
        }
        const uint32_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  // bytes behind the first
        text += static_cast<char>((more == 1 ? 0xc0U : more == 2 ? 0xe0U : 0xf0U) | c >> 6 * more);
        for (uint32_t i = more; i-- > 0;) text += static_cast<char>(0x80U | (c >> 6 * i & 0x3fU));
    }
    return text;
}

}  // namespace

TEST_CASE("printable keeps the lines of a text and nothing that harms a terminal") {
    CHECK(printable("one\ttwo\nM\u00fcller \u30d0\n") == "one\ttwo\nM\u00fcller \u30d0\n");
    CHECK(printable("\033[2J\r\x7f\u009b2J\u202e\u2066\ufeff\n") == "?[2J???2J???\n");
    CHECK(printable("\xff\x9b") == "??");
    const std::string text = printable(all_harmful());
    CHECK(text.size() > 4000);
    CHECK(text.find_first_not_of('?') == text.npos);
}

TEST_CASE("printable keeps the program's own colours and no other sequence") {
    CHECK(printable("\033[1;31mCRITICAL\033[0m", true) == "\033[1;31mCRITICAL\033[0m");
    CHECK(printable("\033[1;31mCRITICAL\033[0m") == "?[1;31mCRITICAL?[0m");
    CHECK(printable("\033[8m\033[2J\033[1A\033]0;x\007", true) == "?[8m?[2J?[1A?]0;x?");
}

TEST_CASE("printable_json loses nothing") {
    const std::string harmful = "\x7f\u009b\u202e\U000e0041 M\u00fcller";
    const std::string text = nlohmann::json(harmful).dump();
    CHECK(printable_json(text) == "\"\\u007f\\u009b\\u202e\\udb40\\udc41 M\u00fcller\"");
    CHECK(nlohmann::json::parse(printable_json(text)) == harmful);
    const std::string all = all_harmful().substr(2);
    const std::string written = printable_json(nlohmann::json(all).dump());
    CHECK(printable(written) == written);
    CHECK(nlohmann::json::parse(written) == all);
}
