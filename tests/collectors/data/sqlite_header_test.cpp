#include "collectors/data/parse/sqlite_header.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lastgood;

namespace {

// Page size 4096 and 300 pages, unless other bytes are given.
std::string header(const std::string& page = std::string("\x10\x00", 2)) {
    std::string text("SQLite format 3\0", 16);
    text += page;
    text.resize(28, '\0');
    text += std::string("\x00\x00\x01\x2c", 4);
    text.resize(sqlite_header_size, '\0');
    return text;
}

}  // namespace

TEST_CASE("an SQLite database tells its size") {
    CHECK(sqlite_size(header()) == 4096.0 * 300);
    CHECK(sqlite_size(header(std::string("\x00\x01", 2))) == 65536.0 * 300);
}

TEST_CASE("what is no SQLite database") {
    CHECK_FALSE(sqlite_size(""));
    CHECK_FALSE(sqlite_size("SQLite format 3"));
    CHECK_FALSE(sqlite_size(header().substr(0, 99)));
    CHECK_FALSE(sqlite_size(header(std::string("\x10\x01", 2))));
    CHECK_FALSE(sqlite_size(header(std::string("\x00\x00", 2))));
    std::string other = header();
    other[0] = 's';
    CHECK_FALSE(sqlite_size(other));
}
