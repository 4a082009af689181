// Tests files whose tools are not needed for it; tests/end_to_end/test_file_backups.py has the real
// ones.
#include "collectors/backups/parse/framed.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace lastgood;
using namespace std::string_literals;

namespace {

CompletenessVerdict judged(std::string_view text) {
    return judge_ends(text.size(), [&](uint64_t offset, size_t length) {
        return offset < text.size() ? std::string(text.substr(offset, length)) : std::string();
    });
}

std::string number(int value) {
    std::string text(1, '\0');
    for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
}
std::string text_of(std::string_view text) {
    return number(static_cast<int>(text.size())) + std::string(text);
}

// An archive of version 1.14 with one table of contents entry that announces data.
std::string archive(const std::string& data) {
    std::string text("PGDMP\1\016\0\4\x08\1", 11);
    text += number(6);  // compression
    for (int i = 0; i < 7; ++i) text += number(1);
    text += text_of("db") + text_of("15.1") + text_of("15.1");
    text += number(1);              // entries
    text += number(7) + number(1);  // its number, its dumper
    for (int i = 0; i < 4; ++i) text += text_of("x");
    text += number(3);  // section
    for (int i = 0; i < 5; ++i) text += text_of("x");
    text += text_of("heap") + text_of("owner") + text_of("false");
    text += "\1" + number(1).substr(1);   // -1: depends on nothing
    text += "\1" + std::string(8, '\0');  // data without a position
    return text + data;
}

}  // namespace

TEST_CASE("pg_dump's custom format: all announced data is there, to the end of the file") {
    const std::string data = "\1" + number(7) + number(5) + "12345" + number(2) + "67" + number(0);
    CHECK(judged(archive(data)).state == Completeness::complete);
    for (size_t cut = 1; cut <= data.size(); ++cut)
        CHECK(judged(archive(data.substr(0, data.size() - cut))).state == Completeness::incomplete);
    const std::string whole = archive("");
    for (size_t length = 5; length < whole.size(); ++length)
        CHECK(judged(whole.substr(0, length)).state == Completeness::incomplete);
    CHECK(judged(archive("\x09" + data)).state == Completeness::incomplete);
    std::string newer = archive(data);
    newer[6] = 15;  // its header is another one, so the table makes no sense
    CHECK(judged(newer).state == Completeness::unknown);
    newer[6] = 17;
    CHECK(judged(newer).state == Completeness::unknown);
}

TEST_CASE("OpenPGP: packets of both forms, and what holds nothing") {
    const std::string key = "\x8c\x0d\x04\x09\x03\x02saltsalt\x60"s;
    const std::string body(200, 'x');
    CHECK(judged(key + "\xd2\xc0\x08" + body).state == Completeness::complete);
    CHECK(judged(key + "\xd2\xc0\x09" + body).state == Completeness::incomplete);
    CHECK(judged(key).state == Completeness::incomplete);
    // A body in parts of 128 bytes.
    CHECK(judged(key + "\xd2\xe7" + body.substr(0, 128) + "\x10" + body.substr(0, 16)).state ==
          Completeness::complete);
    CHECK(judged(key + "\xd2\xe7" + body.substr(0, 128)).state == Completeness::incomplete);
    CHECK(judged(key + "\xd2\x32" + body.substr(0, 50)).reason ==
          "it holds next to nothing: what was encrypted was empty");
    CHECK(judged("\xff\xff\xff\xff").state == Completeness::unknown);
}

TEST_CASE("lz4: frames one after another") {
    const std::string frame(
        "\x04\x22\x4d\x18\x40\x40\xc0\3\0\0\x80"
        "abc"
        "\0\0\0\0",
        18);
    CHECK(judged(frame).state == Completeness::complete);
    CHECK(judged(frame + frame).state == Completeness::complete);
    CHECK(judged(frame + "x").state == Completeness::incomplete);
    for (size_t length = 4; length < frame.size(); ++length)
        CHECK(judged(frame.substr(0, length)).state == Completeness::incomplete);
}
