// Tests the ends of databases' files, on files that are made as their formats say.
#include "collectors/backups/parse/database_files.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace lastgood;

namespace {

std::optional<Completeness> state_of(const std::string& file) {
    const auto verdict = judge_database_file(file.size(), file, file);
    if (!verdict) return std::nullopt;
    CHECK(verdict->reason.empty() == (verdict->state == Completeness::complete));
    return verdict->state;
}

std::string number(uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
    return bytes;
}

}  // namespace

TEST_CASE("SQLite: as many pages as the header counts") {
    std::string file = std::string("SQLite format 3\0", 16) + std::string("\x10\x00", 2);
    file.resize(24);
    file += number(7) + number(3);
    file.resize(92);
    file += number(7);
    file.resize(size_t{3} * 4096);
    CHECK(state_of(file) == Completeness::unknown);
    CHECK(state_of(file.substr(0, file.size() - 1)) == Completeness::incomplete);
    CHECK(judge_database_file({}, file, file)->state == Completeness::unknown);
    file[95] = 6;  // an old writer left the count as it was
    CHECK(state_of(file.substr(0, 4096)) == Completeness::unknown);
    CHECK(state_of(file.substr(0, 50)) == Completeness::unknown);
}

TEST_CASE("Redis: the mark of the end, and a log of commands behind it") {
    const std::string dump =
        "REDIS0009\xFA\x09redis-ver\x05"
        "7.0.1";
    CHECK(state_of(dump + "\xFF"
                          "12345678") == Completeness::complete);
    CHECK(state_of(dump + "\xFF"
                          "1234567") == Completeness::incomplete);
    CHECK(state_of(dump + "\xFF"
                          "12345678*1\r\n$4\r\nPING\r\n") == Completeness::unknown);
    CHECK_FALSE(state_of("REDIS is a database"));
}

TEST_CASE("xbstream: the last chunk ends a file") {
    const std::string path = "ibdata1";
    const auto chunk = [&](char type) {
        return std::string("XBSTCK01") + '\0' + type + std::string("\x07\0\0\0", 4) + path;
    };
    const std::string data = chunk('P') + std::string(20 + 100, 'x');
    CHECK(state_of(data + chunk('E')) == Completeness::complete);
    CHECK(state_of(data) == Completeness::incomplete);
    CHECK(state_of(data + chunk('E').substr(0, 18)) == Completeness::incomplete);
    CHECK(state_of("XBSTCK01") == Completeness::incomplete);
}

TEST_CASE("mongodump: the terminator of an archive") {
    CHECK(state_of("\x6D\xE2\x99\x81 documents \xFF\xFF\xFF\xFF") == Completeness::complete);
    CHECK(state_of("\x6D\xE2\x99\x81 documents \xFF\xFF\xFF") == Completeness::incomplete);
    CHECK_FALSE(state_of("other"));
}
