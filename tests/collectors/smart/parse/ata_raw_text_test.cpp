#include "collectors/smart/parse/ata_raw_text.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("forms of raw values that smartctl prints") {
    using Form = RawText::Form;
    const auto check = [](std::string_view text, Form form, std::vector<double> numbers) {
        INFO(text);
        const RawText parsed = parse_raw_text(text);
        CHECK(parsed.form == form);
        CHECK(parsed.numbers == numbers);
    };
    check("53045", Form::plain, {53045});
    check(" 12 ", Form::plain, {12});
    check("53045 (0 5)", Form::annotated, {53045});
    check("27 (Min/Max 17/55)", Form::annotated, {27});
    check("27 (Min/Max -19/42 #3)", Form::annotated, {27});
    check("180 (Average 187)", Form::annotated, {180});
    check("28.5", Form::annotated, {28.5});
    check("10h+30m+15.500s", Form::duration, {10 * 3600 + 30 * 60 + 15.5});
    check("10h+30m", Form::duration, {37800});
    check("10h", Form::duration, {36000});
    check("1203 1222 1222", Form::words, {1203, 1222, 1222});
    check("1/4000", Form::fraction, {1, 4000});
    check("0x00000000000c", Form::hexadecimal, {12});
    for (const char* text : {"", "-", "abc", "0x", "0xzz", "10h+", "10h+5x", "1 2 x", "5%", "1.2.3",
                             "99999999999999999999999"}) {
        INFO(text);
        CHECK(parse_raw_text(text).form == Form::unreadable);
    }
}
