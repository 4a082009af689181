#include "core/text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace lastgood;
using namespace std::string_view_literals;

using Words = std::vector<std::string_view>;

TEST_CASE("character functions know ASCII only") {
    static_assert(is_digit('0') && is_digit('9') && !is_digit('/') && !is_digit(':'));
    static_assert(is_letter('a') && is_letter('Z') && !is_letter('@') && !is_letter('[') &&
                  !is_letter('\xe4'));
    static_assert(is_space(' ') && is_space('\v') && is_space('\0') && !is_space('\xa0'));
    CHECK(to_lower("Seagate ST\xc4 9") == "seagate st\xc4 9");
    CHECK(to_upper("model_x{") == "MODEL_X{");
}

TEST_CASE("contains finds parts of texts and words of lists") {
    CHECK(contains("abc", "bc"));
    CHECK(contains("abc", 'a'));
    CHECK_FALSE(contains("abc", "ca"));
    CHECK_FALSE(contains("", 'a'));
    const std::vector<std::string> options{"ro", "noatime"};
    CHECK(contains(options, "ro"));
    CHECK_FALSE(contains(options, "r"));
    CHECK(contains(std::array{"ext4"sv, "xfs"sv}, "xfs"));
    CHECK_FALSE(contains(Words{}, ""));
}

TEST_CASE("consists_of checks every character") {
    CHECK(consists_of("2024", decimal_digits));
    CHECK(consists_of("", decimal_digits));
    CHECK_FALSE(consists_of("20x4", decimal_digits));
    CHECK(consists_of("fE09", hexadecimal_digits));
    CHECK_FALSE(consists_of("fg", hexadecimal_digits));
}

TEST_CASE("trim removes white space and NUL") {
    CHECK(trim(" \t a b\r\n\0"sv) == "a b");
    CHECK(trim(" \n ").empty());
    CHECK(trim("").empty());
    CHECK(trim("--a-b--", "-") == "a-b");
    CHECK(trim_start("  a ") == "a ");
    CHECK(trim_end("  a ") == "  a");
    CHECK(without_prefix("/dev/sda", "/dev/") == "sda");
    CHECK(without_prefix("sda", "/dev/") == "sda");
}

TEST_CASE("take_line takes each line, the last with or without newline") {
    for (const std::string_view whole : {"a\n\nb\n"sv, "a\n\nb"sv}) {
        CAPTURE(whole);
        std::string_view text = whole;
        Words lines;
        while (!text.empty()) lines.push_back(take_line(text));
        CHECK(lines == Words{"a", "", "b"});
    }
    std::string_view text = "key=value";
    CHECK(take_until(text, '=') == "key");
    CHECK(take_until(text, '=') == "value");
    CHECK(take_until(text, '=').empty());
}

TEST_CASE("split skips empty parts") {
    CHECK(split(" a\t b\0c \n"sv) == Words{"a", "b", "c"});
    CHECK(split("/usr//share/", "/") == Words{"usr", "share"});
    CHECK(split("a b", ",") == Words{"a b"});
    CHECK(split("").empty());
    CHECK(split(",,", ",").empty());
}

TEST_CASE("take_number and parse_number") {
    std::string_view text = "17/x";
    CHECK(take_number<int>(text) == 17);
    CHECK(text == "/x");
    CHECK_FALSE(take_number<int>(text));
    CHECK(text == "/x");

    CHECK(parse_number<int>("-3") == -3);
    CHECK(parse_number<uint64_t>("18446744073709551615") == UINT64_MAX);
    CHECK(parse_number<uint64_t>("ff", 16) == 255);
    CHECK(parse_number<double>("1.5") == 1.5);
    for (const char* wrong : {"", " 1", "1 ", "+1", "-1", "0x1", "18446744073709551616"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_number<uint64_t>(wrong));
    }
}

TEST_CASE("unescape_octal decodes mount table escapes") {
    CHECK(unescape_octal("/mnt/my\\040disk\\011\\134") == "/mnt/my disk\t\\");
    CHECK(unescape_octal("\\04") == "\\04");
    CHECK(unescape_octal("a\\400\\089") == "a\\400\\089");  // not an octal byte
}

TEST_CASE("path functions") {
    CHECK(last_component("/a/b") == "b");
    CHECK(last_component("b") == "b");
    CHECK(last_component("/a/").empty());
    CHECK(parent_directory("/a/b") == "/a");
    CHECK(parent_directory("/a") == "/");
    CHECK(parent_directory("a").empty());
    CHECK(without_trailing_slashes("/a//") == "/a");
    CHECK(without_trailing_slashes("//") == "/");
    CHECK(lies_below("/a/b", "/a"));
    CHECK(lies_below("/a", "/a"));
    CHECK(lies_below("/a", "/"));
    CHECK_FALSE(lies_below("/ab", "/a"));
    CHECK_FALSE(lies_below("/", "/a"));
}
